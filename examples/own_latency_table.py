"""A search by a table of latencies of your own: python examples/own_latency_table.py [DATA].

The table has a row for each operation that networks of the space may have. Here its microseconds are made up: 0.2, and
one more for each 2 million multiply-accumulates. Yours are what you have measured.
"""

import csv
import sys
from pathlib import Path

import anenas
from anenas.latency import operation_key
from anenas.network import architecture_graph
from anenas.space import every

SPACE = anenas.SearchSpace.model_validate(
    {
        "name": "small",
        "input": {"channels": 1, "height": 32, "width": 32},
        "stem": {"width": 16, "stride": 2, "blocks": {"conv": {}}},
        "stages": [{"depth": [1, 2], "width": [16, 32, 64], "stride": 2, "blocks": {"dsconv": {}, "mobileone": {}}}],
    }
)


def write_table(file: str, classes: int) -> None:
    rows = {"prediction": 100.0}  # microseconds that any prediction costs, whatever the network
    for architecture, _ in every(lambda pick: SPACE.decide(pick, classes=classes)):
        for operation in architecture_graph(architecture).ops:
            rows[operation_key(operation)] = 0.2 + operation.macs / 2e6
    with Path(file).open("w", newline="") as table:
        csv.writer(table).writerows([("operation", "chip", "us"), *((key, "A15", us) for key, us in rows.items())])


if __name__ == "__main__":
    data = sys.argv[1] if len(sys.argv) > 1 else None
    write_table("mine.csv", classes=len(anenas.load_data(data, anenas.InputFormat.of_space(SPACE)).classes))
    result = anenas.run_search(SPACE, data=data, latency="table:mine.csv", trials=2, epochs=1, final="none")
    for model in result.front:
        print(f"{model.score:.1%} {model.latency_ms:.4f} ms by the table {model.package}")
