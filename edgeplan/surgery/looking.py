"""How rewrites read a graph: neighbours, constants, shapes and attributes, each with "not known" as an answer."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

__all__ = [
    "BLANK",
    "FLOATS",
    "HALVES",
    "KNOWN",
    "attribute",
    "attributes",
    "bodies",
    "by_constant",
    "captured",
    "constant",
    "dims",
    "filled_with",
    "floats",
    "integers",
    "ints",
    "is_channelwise",
    "is_constant",
    "is_output",
    "is_used",
    "known",
    "made_by",
    "only_reader",
    "readers",
    "same_shape",
    "scalar",
    "shape_makers",
    "sizes",
    "stands_in",
]

FLOATS = (ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.DOUBLE, ir.DataType.BFLOAT16)
HALVES = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)

BLANK = "edgeplan.blank"
"""What stands in `Value.meta` of weights that stand for others: see `edgeplan.surgery.blank`."""

KNOWN = "edgeplan.known"
"""Where a value's contents stand in `Value.meta` when shape inference found them out."""

_SMALL = 4096
"""Elements up to which `known` looks into a constant."""


def made_by(value: ir.Value | None, *types: str) -> ir.Node | None:
    """The standard op that makes a value, when it is one of `types`."""
    node = value.producer() if value is not None else None
    return node if node is not None and node.op_type in types and node.domain == "" else None


def readers(value: ir.Value) -> tuple[ir.Node, ...]:
    """The nodes that read a value, each once; that a graph hands it out is not among them."""
    return tuple(dict.fromkeys(node for node, _ in value.uses()))


def is_output(value: ir.Value) -> bool:
    """Whether a graph, or a body, hands the value out."""
    return value.is_graph_output()


def is_used(value: ir.Value) -> bool:
    """Whether anything reads a value, or a graph hands it out."""
    return bool(value.uses()) or is_output(value)


def only_reader(value: ir.Value) -> ir.Node | None:
    """The one node that reads a value which no graph hands out; None when there are several, or none."""
    uses = list(value.uses())
    if is_output(value) or not uses:
        return None
    first = uses[0][0]
    return first if all(node is first for node, _ in uses) and first.graph is value_graph(value) else None


def bodies(node: ir.Node) -> tuple[ir.Graph, ...]:
    """The graphs inside a node: the branches of an If, the body of a Loop or Scan."""
    found: list[ir.Graph] = []
    for attr in node.attributes.values():
        if attr.is_ref():
            continue
        if attr.type == ir.AttributeType.GRAPH:
            found.append(attr.value)
        elif attr.type == ir.AttributeType.GRAPHS:
            found.extend(attr.value)
    return tuple(found)


def captured(node: ir.Node) -> tuple[ir.Value, ...]:
    """The values of the graphs around a node that its bodies read, each once."""
    found: dict[ir.Value, None] = {}
    for body in bodies(node):
        found.update(dict.fromkeys(_captured(body)))
    return tuple(found)


def _captured(body: ir.Graph) -> Iterator[ir.Value]:
    own = {*body.inputs, *body.initializers.values(), *(o for n in body for o in n.outputs)}
    for node in body:
        yield from (v for v in (*node.inputs, *captured(node)) if v is not None and v not in own)
    yield from (v for v in body.outputs if v not in own)


def value_graph(value: ir.Value) -> ir.Graph | ir.Function | None:
    """The graph or body in which a value is made."""
    node = value.producer()
    return node.graph if node is not None else value.graph


def is_constant(value: ir.Value | None) -> bool:
    """Whether a value is a weight: an initializer that is no input, or a Constant's result."""
    if value is None:
        return False
    return (value.is_initializer() and not value.is_graph_input()) or made_by(value, "Constant") is not None


def constant(value: ir.Value | None) -> NDArray[Any] | None:
    """The contents of a weight of any size. Reads the weights: prefer `Edit.folded`, which defers that."""
    if value is None or not is_constant(value) or value.meta.get(BLANK):
        return None
    tensor = ir.convenience.get_const_tensor(value)
    return None if tensor is None else np.asarray(tensor.numpy())


def by_constant(node: ir.Node) -> tuple[ir.Value, ir.Value, int] | None:
    """Of an op of two operands the one that is computed, the constant, and at which place this stands."""
    if len(node.inputs) != 2:
        return None
    for at in (1, 0):
        given, other = node.inputs[at], node.inputs[1 - at]
        if given is not None and other is not None and is_constant(given) and not is_constant(other):
            return other, given, at
    return None


def known(value: ir.Value | None) -> NDArray[Any] | None:
    """The contents of a small value that are known before the model runs: a constant's, or inferred ones."""
    if value is None or value.meta.get(BLANK):
        return None
    found = value.meta.get(KNOWN)
    if found is not None:
        return np.asarray(found)
    if not is_constant(value):
        return None
    tensor = ir.convenience.get_const_tensor(value)
    if tensor is None or tensor.size > _SMALL:
        return None
    return np.asarray(tensor.numpy())


def integers(value: ir.Value | None) -> tuple[int, ...] | None:
    """The integers of a known value, in a row."""
    found = known(value)
    return tuple(int(i) for i in found.reshape(-1)) if found is not None and found.dtype.kind in "iu" else None


def scalar(value: ir.Value | None) -> float | None:
    """The one element of a known value, of rank 0 or with all sizes 1."""
    found = known(value)
    if found is None or found.size != 1 or found.dtype.kind not in "fiub":
        return None
    return float(found.reshape(()))


def filled_with(value: ir.Value | None, number: float) -> bool:
    """Whether all elements of a value are known to be one number; there are some."""
    found = known(value)
    if found is None and value is not None and is_constant(value) and not value.meta.get(BLANK):
        tensor = ir.convenience.get_const_tensor(value)
        if tensor is None or isinstance(tensor, ir.LazyTensor) or not tensor.dtype.is_floating_point():
            return False
        found = np.asarray(tensor.numpy())
        if found.size and found.flat[0] != number:
            return False
    return found is not None and found.dtype.kind in "fiub" and found.size > 0 and bool(np.all(found == number))


def dims(value: ir.Value | None) -> tuple[int | str | None, ...] | None:
    """The axes of a value: sizes, names of free dimensions, None for unknown ones; None when the rank is unknown."""
    if value is None or value.shape is None:
        return None
    return tuple(d if isinstance(d, int) else d.value for d in value.shape)


def sizes(value: ir.Value | None) -> tuple[int, ...] | None:
    """The shape of a value when every size is known."""
    found = dims(value)
    if found is None:
        return None
    whole = tuple(d for d in found if isinstance(d, int))
    return whole if len(whole) == len(found) else None


def is_channelwise(value: ir.Value | None, axis: int, rank: int, channels: int) -> bool:
    """Whether a value's shape is one number, or one a channel along `axis` of `rank` axes, when it is broadcast."""
    shape = sizes(value)
    if shape is None or len(shape) > rank or rank == 0:
        return False
    whole = (1,) * (rank - len(shape)) + shape
    return whole[axis] in (1, channels) and prod(whole) == whole[axis]


def same_shape(a: ir.Value | None, b: ir.Value | None) -> bool:
    """Whether two values are known to have one shape: the same sizes, and free dimensions of the same names."""
    found = dims(a)
    return found is not None and None not in found and found == dims(b)


def stands_in(value: ir.Value, old: ir.Value) -> bool:
    """Whether a value can take the place of `old` with no op in between.

    A graph's output keeps its name, which only what an op of the same graph makes can take over, and only once.
    """
    if not is_output(old):
        return True
    return value.producer() is not None and value_graph(value) is value_graph(old) and not is_output(value)


_OF_SHAPES = frozenset(
    ("Add", "Cast", "Concat", "ConstantOfShape", "Div", "Equal", "Expand", "Gather", "Identity", "Max", "Min", "Mod")
    + ("Mul", "ReduceProd", "Reshape", "Shape", "Size", "Slice", "Squeeze", "Sub", "Unsqueeze", "Where")
)
_MOST_OF_SHAPES = 64
"""Ops between a tensor and a shape computed of it that are gone through."""


def shape_makers(*nodes: ir.Node) -> list[ir.Node]:
    """The ops that compute, of other tensors' shapes, what `nodes` are told of shapes and is not known beforehand.

    With them among its old ops a replacement can be tried at shapes that fit each other.
    """
    found: dict[ir.Node, None] = {}
    left = [v for n in nodes for v in n.inputs[1:]]
    while left and len(found) < _MOST_OF_SHAPES:
        value = left.pop()
        maker = made_by(value, *_OF_SHAPES)
        if maker is None or maker in found or known(value) is not None or maker.graph is not nodes[0].graph:
            continue
        if value is not None and value.dtype is not None and not value.dtype.is_floating_point():
            found[maker] = None
            left += () if maker.op_type in ("Shape", "Size") else maker.inputs
    return list(found)


def attribute(node: ir.Node, name: str, default: Any = None) -> Any:
    """An attribute's value (int, float, string, sequence, tensor or graph), or `default` where it is not set."""
    found = node.attributes.get(name)
    return default if found is None or found.is_ref() else found.value


def attributes(node: ir.Node, *without: str) -> dict[str, Any]:
    """All attributes of a node by name, some left out: for a node like it."""
    return {a.name: a.value for a in node.attributes.values() if a.name not in without}


def ints(node: ir.Node, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...] | None:
    """An attribute of integers."""
    found = attribute(node, name)
    return default if found is None else tuple(int(i) for i in found)


def floats(node: ir.Node, name: str, default: float) -> float:
    """An attribute that is one number."""
    return float(attribute(node, name, default))
