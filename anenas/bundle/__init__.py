"""A model of a study as one folder that needs no anenas."""

from anenas.bundle._contents import Bundle, Stream
from anenas.bundle._export import export
from anenas.bundle._source import PlainNetwork, plain_network

__all__ = ["Bundle", "PlainNetwork", "Stream", "export", "plain_network"]
