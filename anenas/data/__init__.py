"""Data sets of images, series, texts and recordings: the embedded ones, the user's own, and what plugins add.

No torch, save for torchvision's sets.
"""

import anenas.data.sources  # noqa: F401  # they register themselves
from anenas.data._arrays import array_reader
from anenas.data._counts import Counts, count_inputs, count_lines
from anenas.data._dataset import CHOOSING, Dataset, Split
from anenas.data._encoding import Encoding
from anenas.data._format import AudioFormat, InputFormat
from anenas.data._load import load_data
from anenas.data._memory import Data
from anenas.data._mirror import sided
from anenas.data._own_sources import with_splits
from anenas.data._part import PART_NAMES, Part, PartName, load_part
from anenas.data._raw import PARTS, Examples, Inputs, RawData
from anenas.data._sources import absolute_source, kind_of_source, source, source_folder
from anenas.data.checks import UNEQUAL_CLASSES, Concern, check_dataset

__all__ = [
    "CHOOSING",
    "PARTS",
    "PART_NAMES",
    "UNEQUAL_CLASSES",
    "AudioFormat",
    "Concern",
    "Counts",
    "Data",
    "Dataset",
    "Encoding",
    "Examples",
    "InputFormat",
    "Inputs",
    "Part",
    "PartName",
    "RawData",
    "Split",
    "absolute_source",
    "array_reader",
    "check_dataset",
    "count_inputs",
    "count_lines",
    "kind_of_source",
    "load_data",
    "load_part",
    "sided",
    "source",
    "source_folder",
    "with_splits",
]
