"""Texts as token ids, which networks take unchanged."""

from __future__ import annotations

from anenas.inputs._base import register_kind
from anenas.inputs._sequences import Sequences

TEXTS = register_kind(
    Sequences(
        name="texts",
        one="text",
        example_space="text_rnn",
        axes=("texts", "1", "1", "tokens"),
        core_ml_name="tokens",
        variable="text",
        batch_variable="tokens",
        content="Ids of tokens",
        meaning="ids as below",
        padding="0",
        normalised=False,
        masked_channels=1,  # padding has an id of its own
        streaming_problem="networks of texts do not stream: a text has its padding before it",
        marker="tokens",
        marker_hint="add tokens to the input: words or characters",
        data_choice="vocabulary",
    )
)
