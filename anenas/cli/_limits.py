"""The options that choose among the models of a study: the limits of a search, and names of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from anenas._errors import AnenasError
from anenas.cli._units import COUNTS, MEGABYTES, MILLISECONDS, bounds, fraction, quantity

if TYPE_CHECKING:
    from anenas.space import Limits

MaxLatency = Annotated[
    str | None, typer.Option("--max-latency", help="Maximum latency on each of the chips, such as 1.5ms.")
]
MaxSize = Annotated[str | None, typer.Option("--max-size", help="Maximum size of the package, such as 10MB.")]
MaxMacs = Annotated[str | None, typer.Option("--max-macs", help="Maximum number of multiply-accumulates, such as 50M.")]
MaxParams = Annotated[str | None, typer.Option("--max-params", help="Maximum number of weights, such as 500K.")]
MinResidency = Annotated[
    str | None, typer.Option("--min-residency", help="Minimum fraction of the time on the Neural Engine, such as 95%.")
]
MinAccuracy = Annotated[str | None, typer.Option("--min-accuracy", help="Minimum validation accuracy, such as 80%.")]
MinMetrics = Annotated[
    list[str] | None,
    typer.Option("--min-metric", help="Minimum of a metric, such as recall@cat=0.9; repeatable."),
]
MaxMetrics = Annotated[
    list[str] | None,
    typer.Option("--max-metric", help="Maximum of an error metric, such as log_loss=0.5; repeatable."),
]
Bound = Annotated[
    str | None,
    typer.Option(
        "--latency-bound",
        help="What --max-latency applies to: upper (end of the 90 % interval) or estimate.",
        show_default="as in the search",
    ),
]
Pick = Annotated[
    str | None,
    typer.Option(
        help="Name or number of a trial. knee is the best compromise on the front; accurate, fast, small, … are best "
        "by one objective.",
        show_default="knee",
    ),
]


def limits(
    max_latency: str | None = None,
    max_size: str | None = None,
    max_macs: str | None = None,
    max_params: str | None = None,
    min_residency: str | None = None,
    min_accuracy: str | None = None,
    min_metrics: Sequence[str] | None = None,
    max_metrics: Sequence[str] | None = None,
) -> Limits:
    """What these options ask for, as typed.

    Raises:
        AnenasError: If one is not a quantity, or of no metric.
    """
    from anenas.api import limits_of
    from anenas.space import Limits

    given = {
        "latency_ms": None if max_latency is None else quantity(max_latency, "--max-latency", MILLISECONDS),
        "size_mb": None if max_size is None else quantity(max_size, "--max-size", MEGABYTES),
        "macs": None if max_macs is None else quantity(max_macs, "--max-macs", COUNTS),
        "params": None if max_params is None else quantity(max_params, "--max-params", COUNTS),
        "residency": None if min_residency is None else fraction(min_residency, "--min-residency"),
        "accuracy": None if min_accuracy is None else fraction(min_accuracy, "--min-accuracy"),
    }
    least, most = bounds(min_metrics or (), "--min-metric"), bounds(max_metrics or (), "--max-metric")
    return limits_of(Limits(), given, least, most)


def latency_bound(text: str | None) -> Literal["upper", "estimate"] | None:
    """Raises: AnenasError: If it is neither."""
    if text is None or text == "upper" or text == "estimate":
        return text  # type: ignore[return-value]  # mypy does not narrow it
    raise AnenasError(f"--latency-bound '{text}': expected upper or estimate")


def weights(text: str) -> dict[str, float]:
    """Figures with a number each: "accuracy=1,latency_ms=0.3".

    Raises:
        AnenasError: If it is not that.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise AnenasError(
                f"--weights '{text}': expected names with a number each, such as accuracy=1,latency_ms=0.3"
            ) from None
    return found
