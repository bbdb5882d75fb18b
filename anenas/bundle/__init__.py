"""A model of a study as one folder that needs no anenas."""

from anenas.bundle._contents import Bundle, Stream
from anenas.bundle._export import export, study_dataset
from anenas.bundle._pick import choose
from anenas.bundle._source import PlainNetwork, plain_network
from anenas.bundle._write import CHECKPOINT

__all__ = ["CHECKPOINT", "Bundle", "PlainNetwork", "Stream", "choose", "export", "plain_network", "study_dataset"]
