"""Gives the free dimensions of a model's inputs their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onnx import GraphProto, ModelProto, ValueInfoProto, helper

from edgeplan.frontends.errors import BindingError, unknown_name
from edgeplan.frontends.onnx.domains import is_default
from edgeplan.frontends.onnx.read import subgraphs

__all__ = ["bind", "free_dimensions", "model_inputs"]


def model_inputs(graph: GraphProto) -> list[ValueInfoProto]:
    """The inputs a caller feeds: those that are not initializers (before IR version 4 weights are inputs too)."""
    weights = {t.name for t in graph.initializer}
    return [i for i in graph.input if i.name not in weights]


def free_dimensions(model: ModelProto) -> frozenset[str]:
    """The names of the inputs' free dimensions. A nameless one is given the name `input.axis` in the model."""
    found: set[str] = set()
    for info in model_inputs(model.graph):
        if info.type.WhichOneof("value") != "tensor_type":
            continue
        for axis, dim in enumerate(info.type.tensor_type.shape.dim):
            if dim.HasField("dim_value") and dim.dim_value >= 0:
                continue
            if not dim.dim_param or dim.dim_param == "?":
                dim.dim_param = f"{info.name}.{axis}"
            found.add(dim.dim_param)
    return frozenset(found)


def bind(
    model: ModelProto,
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
    values: Mapping[str, float] | None = None,
) -> frozenset[str]:
    """Bind dimensions by name, inputs by shape and scalar inputs by value, in place; returns the names left free.

    A shape may change sizes the model declares fixed. An input bound to a value becomes a constant, so that the
    branches it chooses are known. Raises `BindingError` when a name is not the model's own, a rank differs or a size
    is negative.
    """
    for name, value in (values or {}).items():
        _fix_value(model.graph, name, value)
    free = free_dimensions(model)
    inputs = {i.name: i for i in model_inputs(model.graph)}
    for name in dims:
        if name not in free:
            raise BindingError(unknown_name("dimension", name, sorted(free)))
    for name, shape in shapes.items():
        if name not in inputs:
            raise BindingError(unknown_name("input", name, list(inputs)))
        if inputs[name].type.WhichOneof("value") not in ("tensor_type", None):
            raise BindingError(f"input {name!r} is no tensor: it has no shape")
        declared = inputs[name].type.tensor_type.shape
        if inputs[name].type.tensor_type.HasField("shape") and len(declared.dim) != len(shape):
            raise BindingError(f"input {name!r} has {len(declared.dim)} axes, the shape given has {len(shape)}")
    sizes = [*dims.values(), *(d for s in shapes.values() for d in s)]
    if any(d < 0 for d in sizes):
        raise BindingError("a dimension cannot be negative")
    if any(d >= 2**63 for d in sizes):
        raise BindingError("a dimension cannot be 2**63 or more")
    for name, shape in shapes.items():
        axes = inputs[name].type.tensor_type.shape.dim
        del axes[:]
        for size in shape:
            axes.add().dim_value = size
    if dims or shapes or values:
        _forget_shapes(model.graph)
        for info in (*model.graph.input, *model.graph.value_info):
            for dim in info.type.tensor_type.shape.dim:
                if dim.dim_param in dims:
                    dim.dim_value = dims[dim.dim_param]
    return free_dimensions(model)


def _fix_value(graph: GraphProto, name: str, value: float) -> None:
    inputs = {i.name: i for i in model_inputs(graph)}
    if name not in inputs:
        raise BindingError(unknown_name("input", name, list(inputs)))
    tensor = inputs[name].type.tensor_type
    shape = [d.dim_value for d in tensor.shape.dim]
    if any(d != 1 for d in shape):
        raise BindingError(f"input {name!r} has more than one element, so one value cannot stand for it")
    try:
        constant = helper.make_tensor(name, tensor.elem_type, shape, [value])
    except (TypeError, ValueError, KeyError):
        raise BindingError(f"input {name!r} cannot hold {value!r}") from None
    kept = [i for i in graph.input if i.name != name]
    del graph.input[:]
    graph.input.extend(kept)
    graph.initializer.append(constant)


def _forget_shapes(graph: GraphProto) -> None:
    """Drop the inferred types of standard ops: they belong to the sizes the model was exported with."""
    standard = {o for n in graph.node if is_default(n.domain) for o in n.output}
    kept = [v for v in graph.value_info if v.name not in standard]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for out in graph.output:
        if out.name in standard and out.type.WhichOneof("value") == "tensor_type":
            out.type.tensor_type.ClearField("shape")
    for node in graph.node:
        for _, inner in subgraphs(node):
            _forget_shapes(inner)
