"""A measured latency, and the kernels that edgeplan makes of the network that was run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from edgeplan.cost.flow import Flow
from edgeplan.cost.kernel_time import PenaltyRows, charged, penalty_rows
from edgeplan.cost.kernels import Kernel, kernels_of
from edgeplan.cost.speeds import Speed
from edgeplan.cost.unit_speed import UnitSpeed
from edgeplan.cost.work import Work, work_of
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.lower.assumed import Scheme
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import UNKNOWN, place
from edgeplan.target import Target, resolve

__all__ = ["Loaded", "Run", "load_run", "measured", "speed_at"]


@dataclass(frozen=True, slots=True)
class Run:
    """One row of a table: `file` is the stem of the network's file, `seconds` what the device took.

    `group` holds the variants of one architecture together in cross-validation. `units` are asked for (`--use`),
    `assume` and `precision` as on the command line. `scale` names the factors that the run has of its own, where it was
    made in another power mode than the others, say; empty: those of its device or chip.
    """

    table: str
    model: str
    file: str
    group: str
    device: str
    backend: str
    seconds: float
    release: str = ""
    precision: str = ""
    assume: Scheme | Literal[""] = ""
    use: tuple[str, ...] = ()
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run with its kernels. `penalties` are, a kernel each, the counts (ops, bytes) of the speed's penalties."""

    run: Run
    target: Target
    kernels: tuple[Kernel, ...]
    penalties: tuple[tuple[tuple[int, int], ...], ...]


class _Given:
    """Speeds as they are to be fitted: whatever the precision, one for each unit."""

    def __init__(self, target: Target, speeds: Sequence[Speed]) -> None:
        self._target = target
        self._speeds = speeds

    def of(self, unit: str, precision: str) -> UnitSpeed | None:
        """The speed of a unit as it stands."""
        at = speed_at(self._speeds, unit, precision)
        return None if at is None else UnitSpeed(self._speeds[at], self._target.backend, 1, 1, 1, 1, 1, "")


def speed_at(speeds: Sequence[Speed], unit: str, precision: str) -> int | None:
    """Which of the speeds is a unit's: that of the precision, where there is none the first."""
    mine = [i for i, s in enumerate(speeds) if unit in s.unit]
    return next((i for i in mine if precision in speeds[i].precision), mine[0] if mine else None)


@lru_cache(maxsize=4096)
def _file(stem: str, folders: tuple[Path, ...]) -> Path | None:
    """The network's file in one of the folders: `.onnx` or `.tflite`."""
    for folder in folders:
        for end in (".onnx", ".tflite"):
            if (folder / f"{stem}{end}").is_file():
                return folder / f"{stem}{end}"
    return None


@lru_cache(maxsize=16)
def _graph(path: Path) -> Graph:
    """The graph, dimensions that are open at the sizes the file holds."""
    read = load_model(path)
    kept = {d: read.stored[d] for d in read.free if d in read.stored}
    return load_model(path, kept).graph if kept else read.graph


def measured(table: str) -> list[dict[str, str]]:
    """The rows of `measured/<table>.csv`, by column."""
    with (Path(__file__).parent / "measured" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


_Key = tuple[object, ...]

_LOWERED: dict[_Key, tuple[Graph, tuple[Work, ...]]] = {}
_PLACED: dict[_Key, tuple[str, ...]] = {}
_KERNELS: dict[_Key, tuple[tuple[Kernel, ...], tuple[tuple[tuple[int, int], ...], ...]] | None] = {}
"""What the runs of one network share: lowering knows nothing of the chip, nor do kernels once ops are placed."""


def load_run(run: Run, folders: Iterable[Path], speeds: Sequence[Speed]) -> Loaded | str:
    """A run's kernels as the speeds at hand group them; a reason where there are none."""
    path = _file(run.file, tuple(folders))
    if path is None:
        return "no file"
    target = resolve(
        run.device, run.backend, run.release or None, precision=run.precision or None, use=run.use, assume=run.assume
    )
    key: _Key = (path, run.backend, target.release, target.precision, run.assume)
    if key not in _LOWERED:
        graph = lower_for(_graph(path), target)
        _LOWERED[key] = graph, tuple(work_of(graph, op) for op in graph.ops)
    graph, work = _LOWERED[key]
    where = (*key, *((u.name, u.generation, u.features) for u in target.units))
    if where not in _PLACED:
        _PLACED[where] = place(graph, target).units
    units = _PLACED[where]
    if not units or {"", UNKNOWN} & set(units):
        return f"placement {sorted(set(units))}"
    told: _Key = (*key, units, *(id(s) for s in speeds))
    if told not in _KERNELS:
        kernels = kernels_of(Flow(graph, work, target.precision), units, _Given(target, speeds))  # type: ignore[arg-type]
        rows = [penalty_rows(s) for s in speeds]
        counts = tuple(_counts(graph, k, speeds, rows) for k in kernels or ())
        _KERNELS[told] = (tuple(kernels), counts) if kernels is not None else None
    found = _KERNELS[told]
    return Loaded(run, target, *found) if found is not None else "open sizes"


def _counts(
    graph: Graph, kernel: Kernel, speeds: Sequence[Speed], rows: Sequence[PenaltyRows]
) -> tuple[tuple[int, int], ...]:
    """Ops and bytes of the kernel that each penalty of its unit's speed speaks of."""
    at = speed_at(speeds, kernel.unit, kernel.precision)
    if at is None:
        return ()
    found = {p.name: (0, 0) for p in speeds[at].penalty}
    for penalty, moved in charged(graph, kernel, rows[at]):
        ops, bytes_ = found[penalty.name]
        found[penalty.name] = ops + 1, bytes_ + moved
    return tuple(found.values())
