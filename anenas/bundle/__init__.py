"""A model of a study as one folder that needs no anenas."""

from anenas.bundle._bundle import export
from anenas.bundle._contents import Bundle
from anenas.bundle._source import PlainNetwork, plain_network

__all__ = ["Bundle", "PlainNetwork", "export", "plain_network"]
