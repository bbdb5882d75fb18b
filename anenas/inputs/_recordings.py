"""Sound recordings: waveforms of one rate and length, which networks take unchanged."""

from __future__ import annotations

from anenas.inputs._base import register_kind
from anenas.inputs._sequences import Sequences

RECORDINGS = register_kind(
    Sequences(
        name="recordings",
        one="recording",
        example_space="speech_crnn",
        axes=("recordings", "1", "1", "samples"),
        core_ml_name="series",
        variable="recording",
        batch_variable="recordings",
        content="Recordings as they are",
        preparation="The model computes the spectrogram of the waveform and normalises it itself.",
        normalised=False,  # not augmented either: noise would drown the quiet parts of a waveform
        streaming_problem="networks of waveforms do not stream; those of spectrograms do: search sequence_stream with "
        '`data="mel:FOLDER"`',
        marker="samples",
        marker_hint="give the input samples, and nothing else",
        data_choice="rate",
    )
)
