"""A measured latency, and the kernels that edgeplan makes of the network that was run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from edgeplan.capability.match import compile_row
from edgeplan.capability.rows import Row
from edgeplan.cost.kernels import Kernel, kernels_of
from edgeplan.cost.speeds import Speed, UnitSpeed
from edgeplan.cost.work import Work, work_of
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.place.support import facts_of
from edgeplan.target import Target, resolve

__all__ = ["Loaded", "Run", "file_of", "load_run"]


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
    assume: str = ""
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
        """The speed of a unit, that of the precision where there is one."""
        mine = [s for s in self._speeds if unit in s.unit]
        speed = next((s for s in mine if precision in s.precision), mine[0] if mine else None)
        return UnitSpeed(speed, self._target.backend, 1, 1, 1, 1, 1, "") if speed else None


@lru_cache(maxsize=4096)
def file_of(stem: str, folders: tuple[Path, ...]) -> Path | None:
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


_Key = tuple[object, ...]

_LOWERED: dict[_Key, tuple[Graph, tuple[Work, ...]]] = {}
_PLACED: dict[_Key, tuple[str, ...]] = {}
_KERNELS: dict[_Key, tuple[tuple[Kernel, ...], tuple[tuple[tuple[int, int], ...], ...]] | None] = {}
"""What the runs of one network share: lowering knows nothing of the chip, nor do kernels once ops are placed."""


def load_run(run: Run, folders: Iterable[Path], speeds: Sequence[Speed]) -> Loaded | str:
    """A run's kernels as the speeds at hand group them; a reason where there are none."""
    path = file_of(run.file, tuple(folders))
    if path is None:
        return "no file"
    target = resolve(
        run.device, run.backend, run.release or None, precision=run.precision or None, use=run.use, **_assumed(run)
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
    if not {u for u in units if u} or "unknown" in units or "" in units:
        return f"placement {sorted(set(units))}"
    told: _Key = (*key, units, *(id(s) for s in speeds))
    if told not in _KERNELS:
        kernels = kernels_of(graph, units, work, _Given(target, speeds), target.precision)  # type: ignore[arg-type]
        counts = tuple(_counts(graph, k, speeds) for k in kernels or ())
        _KERNELS[told] = (tuple(kernels), counts) if kernels is not None else None
    found = _KERNELS[told]
    return Loaded(run, target, *found) if found is not None else "open sizes"


def _assumed(run: Run) -> dict[str, str]:
    return {"assume": run.assume} if run.assume else {}


def _counts(graph: Graph, kernel: Kernel, speeds: Sequence[Speed]) -> tuple[tuple[int, int], ...]:
    """Ops and bytes of the kernel that each penalty of its unit's speed speaks of."""
    speed = next((s for s in speeds if kernel.unit in s.unit and kernel.precision in s.precision), None)
    speed = speed or next((s for s in speeds if kernel.unit in s.unit), None)
    found = []
    for p in speed.penalty if speed else ():
        holds = compile_row(Row(p.name, p.ops, speed.unit, "degrades", p.source, when=p.when, unless=p.unless))
        ops = [o for o in (graph.ops[i] for i in kernel.ops) if o.label in p.ops and holds(facts_of(graph, o))]
        moved = sum(graph.values[n].bytes or 0 for o in ops for n in (*o.inputs, *o.outputs))
        found.append((len(ops), moved))
    return tuple(found)
