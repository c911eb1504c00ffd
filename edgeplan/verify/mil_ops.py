"""The lowering to MIL against the MIL that coremltools wrote: what to ask it with, and two counts of ops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeplan.graph import Graph, Op, Value
from edgeplan.place.lowered import lower_for
from edgeplan.target import Target
from edgeplan.verify.agreement import OpCount
from edgeplan.verify.answer import Answer
from edgeplan.verify.referees import Referee

__all__ = [
    "Histograms",
    "compare_ops",
    "emitted",
    "lowered_ops",
    "op_counts",
    "options",
    "predicted_weights",
    "program",
]

_FIRST = "iOS 15"
"""The first release that loads ML programs; an older one is asked about as this one."""

_GUARD = "guarded-gather"
"""The known difference that a lowering has as often as it has gathers of indices that are not constant."""

_FEWER = "reduced-transposes"
"""The known difference that only takes ops away."""

_INLINE = 10
"""Constants of fewer elements stand in the program, not among its weights (coremltools `backend/mil/load.py`)."""

_BLOCK = 64
"""A blob of weights has a header of so many bytes, and begins at a multiple of them (coremltools `MILBlob/Blob`)."""


def options(graph: Graph, target: Target) -> dict[str, object]:
    """What the asking program is to know of a target: the deployment, the precision and the lowering of this graph.

    The lowering is the one in float32: coremltools itself puts in the casts that float16 needs.
    """
    backend = target.backend
    release = target.release if backend.covers(_FIRST, "", target.release) else _FIRST
    lowered = lower_for(graph, target, "float32")
    precision = "float16" if target.precision == "float16" else "float32"
    return {"deployment": release.replace(" ", ""), "precision": precision, "lowered": program(lowered)}


def program(graph: Graph) -> dict[str, Any]:
    """A lowered graph as the asking program reads it: JSON, without weights; the bodies of ops likewise."""
    return {
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "values": {v.name: _value(v) for v in graph.values.values()},
        "ops": [_op(graph, op) for op in graph.ops],
    }


def _value(value: Value) -> dict[str, Any]:
    dtype = None if value.dtype is None else value.dtype.label
    return {"dtype": dtype, "shape": value.shape, "const": value.const, "data": value.data}


def _op(graph: Graph, op: Op) -> dict[str, Any]:
    return {
        "type": op.type,
        "domain": op.domain,
        "bodies": [{"name": body.name, **program(body.graph)} for body in op.bodies],
        "captures": graph.reads(op)[len(op.inputs) :],
        "inputs": op.inputs,
        "ports": op.ports,
        "outputs": op.outputs,
        "attrs": dict(op.attrs),
        "sources": op.sources,
    }


def lowered_ops(graph: Graph) -> Counter[str]:
    """How often each MIL op stands in a lowered graph, bodies included; ops without a form in MIL keep their domain."""
    return Counter(op.label for _, op in graph.walk() if not op.type.startswith("constexpr"))


def emitted(answer: Answer, path: str) -> Counter[str]:
    """How often each MIL op stands in the package that a path wrote."""
    return Counter(k.type for k in answer.said.kernels if k.name.startswith(f"{path}/"))


@dataclass(frozen=True, slots=True)
class Histograms:
    """Op types of a lowering and of a package; `agreed` of the larger number of ops are of a type in both."""

    path: str
    ours: Mapping[str, int]
    theirs: Mapping[str, int]

    @property
    def agreed(self) -> int:
        """Ops of a type that stands in both, as often as in the one that has fewer."""
        return sum(min(n, self.theirs.get(t, 0)) for t, n in self.ours.items())

    @property
    def total(self) -> int:
        """Ops of the larger of the two."""
        return max(sum(self.ours.values()), sum(self.theirs.values()))

    @property
    def differing(self) -> Mapping[str, tuple[int, int]]:
        """Op types with the two counts where these differ, the largest difference first."""
        both = {t: (self.ours.get(t, 0), self.theirs.get(t, 0)) for t in {*self.ours, *self.theirs}}
        ranked = sorted(both.items(), key=lambda kv: (-abs(kv[1][0] - kv[1][1]), kv[0]))
        return {t: counts for t, counts in ranked if counts[0] != counts[1]}


def compare_ops(graph: Graph, answer: Answer) -> tuple[Histograms, ...]:
    """The lowering against every path that wrote a package, in the order of the answer."""
    paths = dict.fromkeys(k.name.split("/", 1)[0] for k in answer.said.kernels)
    ours = lowered_ops(graph)
    return tuple(Histograms(p, ours, emitted(answer, p)) for p in paths)


def op_counts(graph: Graph, answer: Answer, referee: Referee) -> tuple[OpCount, ...]:
    """Ops by type in the lowering and in the package made of it, the most frequent first; empty where none was made.

    Without that package, or when it lacks a part, the first converter's stands in: a difference is its choice of ops.
    """
    found = [h for h in compare_ops(graph, answer) if h.path != "lowered" or "left" not in answer.said.notes]
    if not found:
        return ()
    first = found[0]
    excuses = {op: (known.id, known.why) for known in reversed(referee.exception) for op in known.ops}
    guards = sum(op.type in ("gather", "gather_nd") and not _fixed(inner, op) for inner, op in graph.walk())
    types = sorted({*first.ours, *first.theirs}, key=lambda t: (-first.ours.get(t, 0), t))
    counts = []
    for kind in types:
        ours, theirs = first.ours.get(kind, 0), first.theirs.get(kind, 0)
        difference, why = excuses.get(kind, ("", ""))
        more = theirs - ours
        if not more or difference == _GUARD and not 0 < more <= guards or difference == _FEWER and more > 0:
            why = ""
        if ours != theirs and not why and first.path != "lowered":
            why = f"{first.path} writes other ops for the same."
        counts.append(OpCount(kind, ours, theirs, why))
    return tuple(counts)


def _fixed(graph: Graph, op: Op) -> bool:
    indices = op.input("indices")
    return indices is not None and graph.values[indices].const


def predicted_weights(graph: Graph) -> int:
    """Bytes of the package's weight file: every constant that ops read, once, in blocks with their headers."""
    total = _BLOCK
    seen: set[str] = set()
    for inner, op in graph.walk():
        for name in op.inputs:
            value = inner.values[name]
            if name in seen or name in inner.producer or not value.const or (value.elements or 0) < _INLINE:
                continue
            seen.add(name)
            total += _BLOCK + -(-(value.bytes or 0) // _BLOCK) * _BLOCK
    return total if seen else 0
