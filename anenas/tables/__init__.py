"""Tables that a user hands over, read as spreadsheets, pandas and phones write them."""

from anenas.tables._charset import encoding_of
from anenas.tables._numbers import Numbers, are_words, with_points
from anenas.tables._read import Table, columns_of_table, header_of, open_table

__all__ = ["Numbers", "Table", "are_words", "columns_of_table", "encoding_of", "header_of", "open_table", "with_points"]
