"""Which rows of a table count, and the scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.ane import get_chip
from anenas.bench._latency import bench_latency, parse_form, read_published, score
from anenas.latency import Latency

HEAD = "timm_name,input_res,soc,latency_ms,set,precision,digitised,off_ane_suspected\n"


def table(folder: Path, *rows: str) -> Path:
    path = folder / "table.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n")
    return path


def test_rows_that_do_not_count_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [
        "mobileone_s0,224,A14,0.8,s,fp16,False,False",
        ",224,A14,0.8,s,fp16,False,False",
        "mobileone_s0,224,A14,0.8,s,4-bit palettized,False,False",
        "mobileone_s0,224,A14,0.8,s,50% sparse,False,False",
        "mobileone_s0,224,A14,0.8,s,W8A8,False,False",
        "mobileone_s0,224,A15 or A16,0.8,s,fp16,False,False",
        "no_such_model,224,A14,0.8,s,fp16,False,False",
        "mobileone_s0,77 tokens,A14,0.8,s,fp16,False,False",
        "mobileone_s0,224,A14,nan,s,fp16,False,False",
        "mobileone_s0,224,A14,0.8,s,fp16,True,False",
        "mobileone_s0,224,A14,0.8,s,fp16,False,True",
    ]
    result = bench_latency(table(tmp_path, *rows))
    [found] = result["sets"]  # type: ignore[misc]
    assert (found["set"], found["soc"], found["n"], found["spearman"]) == ("s", "A14", 1, None)
    assert result["skipped"] == {
        "compressed": 3,
        "no timm name": 1,
        "unknown chip or system": 1,
        "unknown model, or it does not run at this resolution": 1,
        "no resolution": 1,
        "no latency": 1,
        "digitised": 1,
        "suspected off the engine": 1,
    }
    json.dumps(result, allow_nan=False)


def test_a_table_needs_four_columns_only(tmp_path: Path) -> None:
    path = tmp_path / "small.csv"
    path.write_text("timm_name,input_res,soc,latency_ms\nmobileone_s0,224,a14,0.8\n")
    assert [row.chip.name for row in read_published(path)[0]] == ["A14"]


def test_a_table_may_name_the_system(tmp_path: Path) -> None:
    path = tmp_path / "systems.csv"
    rows = [f"mobileone_s0,224,A14,0.8,{system}" for system in ("ios16", "", "ios15")]
    path.write_text("\n".join(["timm_name,input_res,soc,latency_ms,os", *rows]) + "\n")
    published, skipped = read_published(path)
    assert [row.chip.full_name for row in published] == ["A14@ios16", "A14"]
    assert skipped == {"unknown chip or system": 1}


def test_a_table_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="cannot read"):
        bench_latency(tmp_path / "nothing.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(AnenasError, match="no column timm_name"):
        bench_latency(tmp_path / "other.csv")


def test_scores_are_shares_of_the_rows(tmp_path: Path) -> None:
    rows = [f"mobileone_s{i},224,A14,{ms},s,fp16,False,False" for i, ms in enumerate([1, 2, 3])]
    published, _ = read_published(table(tmp_path, *rows))
    estimates = [Latency(ms, ms / 1.2, ms * 1.2, get_chip("A14").name, "x") for ms in (1.05, 2.4, 4.5)]
    found = score(published, estimates)
    assert found["spearman"] == pytest.approx(1)
    assert found["median_error"] == pytest.approx(0.2)
    assert (found["within_10"], found["within_25"]) == pytest.approx((1 / 3, 2 / 3))
    assert found["coverage"] == pytest.approx(2 / 3)


def test_speedups_of_compressed_programs_are_held_against_the_plain_one(tmp_path: Path) -> None:
    rows = [
        "mobilenetv2_100,224,A16,0.48,s,fp16,False,False",
        "mobilenetv2_100,224,A16,0.45,s,4-bit palettized,False,False",
        "mobilenetv2_100,224,A16,0.24,s,W8A8,False,False",
        "mobilenetv2_100,224,A16,0.45,s,palettized (all settings),False,False",
        "mobilenetv2_100,224,A16,0.45,another,4-bit palettized,False,False",
        "mobilenetv2_100,224,A17 Pro,0.45,s,4-bit palettized,False,False",
    ]
    result = bench_latency(table(tmp_path, *rows))
    assert result["skipped"] == {"compressed": 5}
    palette, integers = result["compression"]  # type: ignore[misc]
    assert (palette["model"], palette["soc"], palette["form"]) == ("mobilenetv2_100", "A16", "palette4")
    assert palette["published_speedup"] == pytest.approx(0.48 / 0.45)
    assert (integers["form"], integers["published_speedup"]) == ("w8a8", pytest.approx(2))
    assert 1 < palette["predicted_speedup"] < integers["predicted_speedup"]


@pytest.mark.parametrize(
    ("precision", "name", "kind"),
    [
        ("4-bit palettized", "palette4", "palette4"),
        ("4-bit palettized, per-grouped-channel gs16", "palette4-grouped16", "palette4"),
        ("75% sparse", "sparse75", "sparse"),
        ("W8 (fp16 act)", "int8", "int8"),
        ("W8A8", "w8a8", "int8"),
    ],
)
def test_a_form_is_read_from_what_a_table_calls_it(precision: str, name: str, kind: str) -> None:
    form = parse_form(precision)
    assert form is not None
    assert (form.name, form.kind) == (name, kind)


@pytest.mark.parametrize("precision", ["fp16", "", "palettized (all settings print 0.13)", "Float32"])
def test_other_words_tell_no_form(precision: str) -> None:
    assert parse_form(precision) is None
