"""What the tables of servers have in common: how their rows become runs, and how many of a kind count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.latency.runs import Loaded, Run, measured

__all__ = ["runs_of", "weights"]


def runs_of(table: str, backend: str, **only: str) -> list[Run]:
    """The rows of `measured/<table>.csv` whose columns have those values; one at int8 runs as though quantised."""
    return [
        _run(row, backend) for row in measured(table) if all(row[column] == value for column, value in only.items())
    ]


def _run(row: Mapping[str, str], backend: str) -> Run:
    precision = row.get("precision", "")
    return Run(
        row["source"],
        row["model"],
        row["file"],
        row["group"],
        row["device"],
        backend,
        float(row["ms"]) / 1e3,
        row.get("release", ""),
        precision="float16" if precision == "float16" else "",
        assume="w8a8" if precision == "int8" else "",
    )


def weights(runs: Sequence[Loaded]) -> list[float]:
    """Many runs of one architecture on one chip at one precision count less each."""

    def of(loaded: Loaded) -> tuple[str, str, str, str]:
        run = loaded.run
        return run.group, run.device, run.precision, run.assume

    counts = Counter(map(of, runs))
    return [max(1.0, counts[of(loaded)] / 2) ** -0.5 for loaded in runs]
