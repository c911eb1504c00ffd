"""Gives the free dimensions of a TFLite model's inputs their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeplan.frontends.errors import BindingError, unknown_name
from edgeplan.frontends.tflite.call import Elements
from edgeplan.frontends.tflite.infer import Bindings, declared
from edgeplan.frontends.tflite.read import Subgraph
from edgeplan.graph import Dim, Shape

__all__ = ["bind", "stored_sizes"]


def bind(
    graph: Subgraph,
    names: Mapping[str, int],
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
    values: Mapping[str, float],
) -> tuple[Bindings, frozenset[str]]:
    """The inputs' shapes and fixed contents, and the names of the dimensions left free.

    `names` are inputs by name, those of signatures included. The first axis of an input that has others is called
    `batch` when it is free, every other one `input.axis`. Raises `BindingError` when a name is not the model's own, a
    rank differs, a size is negative or a value is given to what is no scalar.
    """
    open_shapes = {i: _named(graph, i) for i in graph.inputs}
    free = {d for shape in open_shapes.values() for d in shape or () if isinstance(d, str)}
    for name in dims:
        if name not in free:
            raise BindingError(unknown_name("dimension", name, sorted(free)))
    for name in (*shapes, *values):
        if name not in names:
            raise BindingError(unknown_name("input", name, list(names)))
    for size in (*dims.values(), *(d for s in shapes.values() for d in s)):
        if not 0 <= size < 2**63:
            raise BindingError("a dimension cannot be negative" if size < 0 else "a dimension cannot be 2**63 or more")
    found: dict[int, Shape] = {
        i: None if shape is None else tuple(dims.get(d, d) if isinstance(d, str) else d for d in shape)
        for i, shape in open_shapes.items()
    }
    resized = False
    for name, given in shapes.items():
        index = names[name]
        fixed = declared(graph.tensors[index])
        if fixed is not None and len(fixed) != len(given):
            raise BindingError(f"input {name!r} has {len(fixed)} axes, the shape given has {len(given)}")
        resized = resized or any(old not in (None, new) for old, new in zip(fixed or (), given, strict=False))
        found[index] = tuple(given)
    contents = {names[name]: _value(graph, names[name], name, value) for name, value in values.items()}
    left = {d for i, shape in found.items() if i not in contents for d in shape or () if isinstance(d, str)}
    return Bindings(found, contents, resized), frozenset(left)


def stored_sizes(graph: Subgraph) -> dict[str, int]:
    """The sizes that a file's tensors have where their signature leaves them open, by the names of the dimensions."""
    found: dict[str, int] = {}
    for i in graph.inputs:
        for name, size in zip(_named(graph, i) or (), graph.tensors[i].shape or (), strict=False):
            if isinstance(name, str):
                found.setdefault(name, size)
    return found


def _named(graph: Subgraph, index: int) -> Shape:
    shape = declared(graph.tensors[index])
    if shape is None:
        return None

    def name(axis: int) -> Dim:
        return "batch" if axis == 0 and len(shape) > 1 else f"{graph.tensors[index].name}.{axis}"

    return tuple(name(axis) if dim is None else dim for axis, dim in enumerate(shape))


def _value(graph: Subgraph, index: int, name: str, value: float) -> Elements:
    tensor = graph.tensors[index]
    if tensor.shape is None or any(d != 1 for d in tensor.shape):
        raise BindingError(f"input {name!r} has more than one element, so one value cannot stand for it")
    if tensor.dtype is None or tensor.dtype.bits == 0 or (not tensor.dtype.is_float and not float(value).is_integer()):
        raise BindingError(f"input {name!r} cannot hold {value!r}")
    return (float(value) if tensor.dtype.is_float else int(value),)
