"""The buffers of what TensorRT's kernels leave to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeplan.graph import DType, Graph, Value
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.runtimes.tensorrt.kernels import Kernels, copy_of
from edgeplan.units import round_up

__all__ = ["ALIGNMENT", "bytes_of", "rounded", "values_of"]

ALIGNMENT = 128
"""Bytes: a network whose values are of 18816 and 4704 bytes takes 18816 + 4736."""


def bytes_of(value: Value, half: bool) -> int | None:
    """Bytes of a value, None while not known; `half` says that float32 is computed as float16."""
    if half and value.dtype is DType.FLOAT32 and value.elements is not None:
        return 2 * value.elements
    return value.bytes


def rounded(size: int) -> int:
    """Bytes up to the next multiple of the alignment."""
    return round_up(size, ALIGNMENT)


def values_of(
    graph: Graph, kernels: Kernels, at: Sequence[int], last: Sequence[int], half: bool, unsized: list[str]
) -> Iterator[Buffer]:
    """A buffer for each value that one kernel leaves to another; those of no known size go to `unsized`.

    What another unit leaves to itself is that unit's. `at` is when each kernel runs, `last` when it is done at the
    latest. Products that were merged leave one buffer, and so does a Concat that only joins what others write: it is
    there from the first of them on. What the network returns is written where the caller wants it, but for what
    convolutions and poolings make, which is transposed.
    """
    ends: dict[str, int] = {}
    for k, kernel in enumerate(kernels.all):
        for name, writer in kernel.reads.items():
            if kernel.kind != "other" or kernels.all[writer].kind != "other":
                ends[name] = max(ends.get(name, 0), last[k])
    returned = {kernels.root(name) for name in graph.outputs}
    joins = _joins(graph, kernels, ends)
    starts: dict[str, int] = {}
    for part, whole in joins.items():
        starts[whole] = min(starts.get(whole, len(graph.ops)), at[kernels.writer[part]])
    copied = {copy_of(name): name for name in graph.inputs}
    for k, kernel in enumerate(kernels.all):
        left = [name for name in kernel.writes if name in ends or name in returned]
        for names in [left] if kernel.merged else [[name] for name in left]:
            end = max((ends[name] for name in names if name in ends), default=-1)
            if any(name in returned for name in names):
                rank = len(graph.values[names[0]].shape or ())
                if kernel.kind in ("contraction", "pool") and rank >= 4:
                    end = max(end, min(at[k] + 1, len(graph.ops) - 1))
            if end < 0 or any(name in joins for name in names):
                continue
            values = [graph.values[copied.get(name, name)] for name in names]
            sizes = [bytes_of(value, half) for value in values]
            unsized += (value.name for value, size in zip(values, sizes, strict=True) if size is None)
            size = rounded(sum(size for size in sizes if size))
            start = starts.get(names[0], at[k])
            if size:
                yield Buffer(values[0].name, start, max(start, end), size)


def _joins(graph: Graph, kernels: Kernels, ends: dict[str, int]) -> dict[str, str]:
    """What convolutions and poolings write into the buffer of a Concat that alone reads it, by that Concat's value."""
    found: dict[str, str] = {}
    for index in graph.by_label.get("Concat", ()):
        op = graph.ops[index]
        k = kernels.of.get(index)
        if k is None or kernels.all[k].ops != [index] or len(graph.values[op.outputs[0]].shape or ()) != 4:
            continue
        parts = [kernels.root(name) for name in op.inputs]
        written = all(
            p in ends
            and len(kernels.readers.get(p, ())) == 1
            and kernels.all[kernels.writer[p]].kind in ("contraction", "pool")
            for p in parts
        )
        if written and len(set(parts)) == len(parts):
            found.update(dict.fromkeys(parts, op.outputs[0]))
    return found
