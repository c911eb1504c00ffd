"""The ops before and after the one that is lowered, for fusions that coremltools' passes make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeplan.graph import Attr, Body, DType, Op, Shape
from edgeplan.lower.builder import Builder, Inputs

__all__ = ["absorb", "consumers", "emit_several", "only_consumer", "producer", "used"]


_MOST = 64


def producer(b: Builder, name: str) -> Op | None:
    """The source op that makes a value; None for graph inputs, weights and values made by lowerings."""
    index = b.source.producer.get(name)
    return None if index is None else b.source.ops[index]


def consumers(b: Builder, name: str) -> tuple[Op, ...]:
    """The source ops that read a value, in order; none for more than 64, which no fusion looks through.

    Each of them asks again what its siblings are: the bound keeps that linear.
    """
    found = b.source.consumers.get(name, ())
    return tuple(b.source.ops[i] for i in found) if len(found) <= _MOST else ()


def only_consumer(b: Builder, name: str) -> Op | None:
    """The one source op that reads a value as its input, when nothing else does and it is no graph output."""
    found = consumers(b, name)
    if len(found) != 1 or name in b.source.outputs or found[0].inputs.count(name) != 1:
        return None
    return None if any(name in body.graph.captured for body in found[0].bodies) else found[0]


def used(b: Builder, name: str) -> bool:
    """True when an op reads the value or the graph returns it."""
    return bool(b.source.consumers.get(name)) or name in b.source.outputs


def absorb(b: Builder, *ops: Op) -> None:
    """Say that the op emitted last does the work of these source ops too."""
    names = [n for op in ops for n in (op.sources or (op.name,))]
    b.ops[-1] = replace(b.ops[-1], sources=tuple(dict.fromkeys((*b.ops[-1].sources, *names))))


def emit_several(
    b: Builder,
    type: str,
    inputs: Inputs,
    outputs: Sequence[tuple[Shape, DType | None] | str],
    attrs: Mapping[str, Attr] | None = None,
    bodies: tuple[Body, ...] = (),
) -> tuple[str, ...]:
    """One op with several outputs: source values by name, or new intermediates of a shape and a dtype (None: the first
    input's). Returns their names.
    """
    names = tuple(
        b.emit(type, inputs, to=out, attrs=attrs, bodies=bodies)
        if isinstance(out, str)
        else b.emit(type, inputs, out[0], dtype=out[1], attrs=attrs, bodies=bodies)
        for out in outputs
    )
    first = b.ops[-len(names)]
    del b.ops[-len(names) :]
    b.ops.append(replace(first, outputs=names))
    return names
