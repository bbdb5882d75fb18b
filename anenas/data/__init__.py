"""Data sets of images, series, recordings and texts: the embedded ones and the user's own.

No torch, save for torchvision's sets.
"""

from anenas.data._dataset import Dataset, Split
from anenas.data._load import absolute_source, load_data, load_texts
from anenas.data._text import Encoding

__all__ = ["Dataset", "Encoding", "Split", "absolute_source", "load_data", "load_texts"]
