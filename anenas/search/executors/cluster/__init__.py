"""Trials on a Dask cluster: whatever engine it was deployed with, and no disk that its machines share."""

from anenas.search.executors.cluster._certificates import make_certificates, tls_options
from anenas.search.executors.cluster._connection import Connection
from anenas.search.executors.cluster._executor import DaskExecutor
from anenas.search.executors.cluster._machine import Machine

__all__ = ["Connection", "DaskExecutor", "Machine", "make_certificates", "tls_options"]
