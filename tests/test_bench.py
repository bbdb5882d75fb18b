"""Which rows of a table count, and the scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anenas._bench import bench_latency, read_published, score
from anenas._errors import AnenasError
from anenas.ane import get_chip
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
        "unknown chip": 1,
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


def test_a_table_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="cannot read"):
        bench_latency(tmp_path / "nothing.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(AnenasError, match="no column timm_name"):
        bench_latency(tmp_path / "other.csv")


def test_scores_are_shares_of_the_rows(tmp_path: Path) -> None:
    rows = [f"mobileone_s{i},224,A14,{ms},s,fp16,False,False" for i, ms in enumerate([1, 2, 3])]
    published, _ = read_published(table(tmp_path, *rows))
    estimates = [Latency(ms, ms / 1.2, ms * 1.2, "x", get_chip("A14").name) for ms in (1.05, 2.4, 4.5)]
    found = score(published, estimates)
    assert found["spearman"] == pytest.approx(1)
    assert found["median_error"] == pytest.approx(0.2)
    assert (found["within_10"], found["within_25"]) == pytest.approx((1 / 3, 2 / 3))
    assert found["coverage"] == pytest.approx(2 / 3)
