"""How long the weights of a trial were trained in all, in passes over the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from anenas.search._settings import SearchSettings
from anenas.search._trial import CompletedTrial


@dataclass(frozen=True)
class Trained:
    """The training of what ships of a trial, in passes over the data.

    Attributes:
        epochs: Its own, brief one.
        inherited: What its weights had had before; None where nothing tells.
        final: Its final training; 0 where it had none, or none that made it better.
        origin: What it began with; empty where that was drawn at random.
        teacher: What taught it in final training; empty where nothing but labels did.
    """

    epochs: float
    inherited: float | None = 0.0
    final: float = 0.0
    origin: str = ""
    teacher: str = ""

    @classmethod
    def of(cls, trial: CompletedTrial, settings: SearchSettings) -> Self:
        """That of a trial of a study with these settings."""
        brief, final = trial.evaluation, trial.final.evaluation if trial.final else None
        epochs = brief.epochs or settings.epochs
        if not brief.trained_steps:  # an earlier version's, or of an evaluator that does not say
            return cls(epochs, 0.0 if brief.donor is None else None, origin=brief.origin)
        steps_per_epoch = brief.trained_steps / epochs
        before = brief.total_steps - brief.trained_steps if brief.total_steps else None
        return cls(
            epochs,
            None if before is None else before / steps_per_epoch,
            final.trained_steps / steps_per_epoch if final else 0.0,
            brief.origin,
            f"trial {final.teacher}" if final and final.teacher is not None else "",
        )

    @property
    def brief(self) -> float | None:
        """All that was behind the brief figures."""
        return None if self.inherited is None else self.inherited + self.epochs

    @property
    def whole(self) -> float | None:
        """All that is behind what ships."""
        return None if self.brief is None else self.brief + self.final

    def __str__(self) -> str:
        """Such as "2 epochs after 6 inherited from trial 3, then 14 of final training"."""
        words = f"{self.epochs:g} epoch" + ("" if self.epochs == 1 else "s")
        if self.inherited is None:
            words += " after others inherited from an earlier trial"
        elif self.inherited:
            words += f" after {self.inherited:.4g} inherited" + (f" from {self.origin}" if self.origin else "")
        elif self.origin:
            words += f" from {self.origin}"
        if self.final:
            taught = f" taught by {self.teacher}" if self.teacher else ""
            words += f", then {self.final:.4g} of final training{taught}"
        return words
