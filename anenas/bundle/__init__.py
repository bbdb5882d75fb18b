"""A model of a study as one folder that needs no anenas."""

from anenas.bundle._contents import Bundle, Stream
from anenas.bundle._export import default_folder, export, require_new, study_dataset
from anenas.bundle._pick import choose
from anenas.bundle._source import PlainNetwork, plain_network
from anenas.bundle._write import CHECKPOINT

__all__ = [
    "CHECKPOINT",
    "Bundle",
    "PlainNetwork",
    "Stream",
    "choose",
    "default_folder",
    "export",
    "plain_network",
    "require_new",
    "study_dataset",
]
