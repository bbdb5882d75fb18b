"""A search on a Dask cluster, which here is two processes of this machine: python examples/cluster_here.py [DATA].

What deploys a cluster elsewhere, such as dask-jobqueue's SLURMCluster, takes the place of LocalCluster. Needs
`pip install 'anenas[cluster]'`.
"""

import sys

from distributed import LocalCluster

import anenas

if __name__ == "__main__":
    data = sys.argv[1] if len(sys.argv) > 1 else None
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        executor = anenas.DaskExecutor(cluster)
        result = anenas.run_search("mobile_cnn", data=data, trials=2, epochs=1, final="none", executor=executor)
    for model in result.front:
        print(f"{model.score:.1%} {model.latency_ms:.3f} ms {model.package}")
