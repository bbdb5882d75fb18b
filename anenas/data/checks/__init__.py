"""What to look at in a data set before networks are trained on it: a function each, which knows nothing of the others.

To add one, write a function that yields `Concern`s for an `Inspected` data set, and name it in `_run.py`.
"""

from anenas.data.checks._classes import UNEQUAL_CLASSES
from anenas.data.checks._concern import Concern
from anenas.data.checks._run import CHECKS, check_dataset

__all__ = ["CHECKS", "UNEQUAL_CLASSES", "Concern", "check_dataset"]
