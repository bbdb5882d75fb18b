"""anenas compared with tables of latencies and of search problems, and with exported programs."""

from anenas.bench._latency import bench_latency, beyond_belief, read_published, score
from anenas.bench._search import SearchScores, bench_search
from anenas.bench._space import SpaceScores, bench_space
from anenas.bench._table import Table, read_table

__all__ = [
    "SearchScores",
    "SpaceScores",
    "Table",
    "bench_latency",
    "bench_search",
    "bench_space",
    "beyond_belief",
    "read_published",
    "read_table",
    "score",
]
