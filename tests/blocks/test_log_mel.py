from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.ane import check, get_chip
from anenas.blocks import LogMelBlock
from anenas.blocks._mel import FLOOR, LogMel
from anenas.blocks._spectrogram import LogMelSpectrogram
from anenas.network import architecture_graph
from anenas.space import Architecture

BEHIND = "tcn_r1_s2_c32_k5_d1_bi_relu-min_gru_r1_s1_c32-head_n5"
specs = st.builds(LogMel, *map(st.sampled_from, ((8000, 16000), (64, 80, 128, 160, 256), (2, 3, 4), (16, 32, 64))))


def spectrogram(mel: LogMel, waveform: np.ndarray, dtype: torch.dtype = torch.float32) -> np.ndarray:
    module = LogMelSpectrogram(mel).eval().to(dtype)
    with torch.no_grad():
        found: np.ndarray = module.spectrogram(torch.from_numpy(waveform).to(dtype)[None, None, None]).float().numpy()
    return found[0, :, 0]


def speech_like(samples: int, seed: int = 0) -> np.ndarray:
    """Noise and two tones, loud and quiet."""
    rng, t = np.random.default_rng(seed), np.arange(samples) / 8000
    loud = np.linspace(1, 1e-4, samples)
    sound = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.3 * np.sin(2 * np.pi * 2500 * t) + 0.1 * rng.standard_normal(samples)
    return np.clip(loud * sound, -1, 1).astype(np.float32)


@given(specs)
def test_convolutions_compute_what_the_fourier_transform_does(mel: LogMel) -> None:
    waveform = speech_like(3001)
    expected = mel(waveform)
    assert expected.shape == (mel.bands, 3001 // mel.hop)
    np.testing.assert_allclose(spectrogram(mel, waveform), expected, atol=2e-4)


@given(specs)
def test_float16_carries_every_value(mel: LogMel) -> None:
    waveform = speech_like(3001)
    exact, half = spectrogram(mel, waveform), spectrogram(mel, waveform, torch.float16)
    assert np.abs(half - exact).mean() < 5e-3
    assert np.abs(half - exact).max() < 0.2  # where a value is all but the floor


@given(specs, st.integers(1, 32))
def test_no_waveform_overflows_float16(mel: LogMel, turns: int) -> None:
    # The loudest there is of a frequency: a square wave.
    waveform = np.where(np.arange(2048) * turns // 64 % 2, 1, -1).astype(np.float32)
    assert np.isfinite(spectrogram(mel, waveform, torch.float16)).all()
    assert spectrogram(mel, waveform).max() < np.log(12_288 + FLOOR)


def test_silence_is_the_floor() -> None:
    np.testing.assert_allclose(spectrogram(LogMel(8000, 128, 2, 32), np.zeros(1024, np.float32)), np.log(FLOOR))


@given(specs)
def test_every_band_hears_something_and_no_more_than_its_share(mel: LogMel) -> None:
    filters = mel.filters()
    assert filters.shape == (mel.bands, mel.window // 2)
    assert (filters >= 0).all() and (filters <= 1).all() and (filters.sum(1) > 0).all()
    centres = filters @ np.arange(filters.shape[1]) / filters.sum(1)
    assert (np.diff(centres) >= 0).all()


def test_a_tone_is_heard_in_its_band() -> None:
    mel = LogMel(8000, 128, 2, 32)
    tone = np.sin(2 * np.pi * 1000 * np.arange(4096) / 8000).astype(np.float32)
    corners = np.linspace(*(2595 * np.log10(1 + hz / 700) for hz in (20, 4000)), 34)[1:-1]
    assert spectrogram(mel, tone)[:, 10].argmax() == np.abs(corners - 2595 * np.log10(1 + 1000 / 700)).argmin()


def test_a_step_hears_nothing_that_comes_after_it() -> None:
    mel, waveform = LogMel(8000, 128, 3, 32), speech_like(4096)
    changed = waveform.copy()
    changed[10 * 128 :] = 0
    before, after = spectrogram(mel, waveform), spectrogram(mel, changed)
    np.testing.assert_array_equal(before[:, :10], after[:, :10])
    assert not np.allclose(before[:, 10], after[:, 10])


def test_its_weights_are_constants_to_the_optimiser() -> None:
    module = LogMelBlock().build(1, 32, 1)
    assert [name for name, _ in module.named_parameters()] == ["bn.weight", "bn.bias"]
    assert {"waves", "filters", "floor"} < module.state_dict().keys()


@pytest.mark.parametrize("block", ["hz8000_h64_w4", "hz8000_h80_w3", "hz16000_h160_w2", "hz16000_h256_w4"])
def test_the_engine_runs_all_of_it(block: str) -> None:
    graph = architecture_graph(Architecture.parse(f"1x1x1x16000-log_mel_r1_s1_c48_{block}-{BEHIND}"))
    assert not [f for f in check(graph, get_chip("A15")) if f.severity == "error"]
    assert not [op for op in graph.ops if op.kind == "batch_norm" and op.inputs[0].shape[-1] == 16000]  # it stays raw


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"1x1x1x300-log_mel_r1_s1_c32_hz8000_h128_w3-{BEHIND}", "takes 384 samples at least, got 300"),
        (f"1x1x1x20000-log_mel_r1_s1_c32_hz8000_h128_w3-{BEHIND}", "20000 breaks the guideline"),
        (f"1x1x4x4000-log_mel_r1_s1_c32_hz8000_h128_w3-{BEHIND}", "works on waveforms"),
        (f"1x2x1x4000-log_mel_r1_s1_c32_hz8000_h128_w3-{BEHIND}", "it can only be the first, once"),
        (f"1x1x1x4000-log_mel_r2_s1_c32_hz8000_h128_w3-{BEHIND}", "it can only be the first, once"),
        (f"1x1x1x4000-log_mel_r1_s2_c32_hz8000_h128_w3-{BEHIND}", "its hop is its stride; give it 1"),
        (f"1x1x1x900-tcn_r1_s1_c1_k3_d1_relu-log_mel_r1_s1_c32_hz8000_h128_w3-{BEHIND}", "only be the first, once"),
    ],
)
def test_where_it_cannot_stand_is_said(text: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        Architecture.parse(text)


def test_an_architecture_knows_the_rate_of_its_waveform() -> None:
    heard = Architecture.parse(f"1x1x1x4000-log_mel_r1_s1_c32_hz16000_h128_w3-{BEHIND}")
    assert (heard.rate, heard.raw) == (16000, True)
    assert Architecture.parse(f"1x1x1x400-{BEHIND}").rate is None
