"""Holds a node against its operator's schema, so that every later stage may count on inputs and attributes being there.

A runtime refuses such a model when it loads it (onnxruntime: "Node has input size 1 not in range [min=2, max=2]").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import onnx
from onnx import AttributeProto, NodeProto

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx.domains import plain_domain

__all__ = ["check_node"]


_LENIENT = frozenset({"Resize"})
"""Opset 11 asks for a roi and scales where every exporter leaves them out, and every runtime lets it."""

_AXES = frozenset({"axes", "axis", "batch_axis", "batch_dims", "time_axis", "scan_input_axes", "scan_output_axes"})
_MOST_AXES = 1024
_UNDEFINED = AttributeProto.UNDEFINED


@dataclass(frozen=True, slots=True)
class _Form:
    """What a schema asks for: how many inputs and outputs, which inputs must be there, the types of the attributes."""

    least: int
    most: int
    outputs: int
    required_inputs: tuple[int, ...]
    required: tuple[str, ...]
    types: Mapping[str, int]


def check_node(
    node: NodeProto, inputs: Sequence[str], attributes: Sequence[AttributeProto], opsets: Mapping[str, int]
) -> None:
    """Raise `ModelError` when the node is not one its operator allows. Operators nobody knows are let through.

    `inputs` and `attributes` are the node's. `opsets` maps the domains to their versions, the default domain
    written "".
    """
    domain = plain_domain(node.domain)
    if not domain and not opsets.get(""):
        raise ModelError("not an ONNX model: it names no opset for the ops of the default domain")
    form = _form(node.op_type, domain, opsets.get(domain, 0))
    given = {a.name: a for a in attributes}
    for a in given.values():
        if a.ref_attr_name:
            raise _refused(node, f"its attribute {a.name!r} refers to a function's, and it is in none")
        wanted = a.type if form is None else form.types.get(a.name, a.type)
        if a.type != wanted or a.type == _UNDEFINED:
            raise _refused(node, f"its attribute {a.name!r} is of the wrong type")
    if form is None:
        return
    count = len(inputs)
    if not form.least <= count <= form.most:
        limits = str(form.least) if form.least == form.most else f"{form.least} to {form.most}"
        raise _refused(node, f"it has {_counted(count)}, the operator takes {limits}")
    if "" in inputs and node.op_type not in _LENIENT and any(s < count and not inputs[s] for s in form.required_inputs):
        raise _refused(node, "an input that the operator needs is absent")
    if len(node.output) > form.outputs:
        raise _refused(node, f"it has {len(node.output)} outputs, the operator makes {form.outputs}")
    absent = next((name for name in form.required if name not in given), None)
    if absent is not None:
        raise _refused(node, f"its attribute {absent!r} is missing")
    if given:
        _check_values(node, given)


def _check_values(node: NodeProto, given: Mapping[str, AttributeProto]) -> None:
    """Refuse the values that no runtime takes and that crash onnx's shape inference (1.23)."""
    for name in _AXES & given.keys():
        if any(abs(axis) > _MOST_AXES for axis in (given[name].i, *given[name].ints)):
            raise _refused(node, f"its attribute {name!r} names an axis that no tensor has")
    if node.op_type == "GatherND" and "batch_dims" in given and given["batch_dims"].i < 0:
        raise _refused(node, "its attribute 'batch_dims' is negative")
    if node.op_type == "Split" and "num_outputs" in given and given["num_outputs"].i != len(node.output):
        raise _refused(node, f"it has {len(node.output)} outputs, its attribute asks for {given['num_outputs'].i}")


@lru_cache(maxsize=4096)
def _form(op_type: str, domain: str, version: int) -> _Form | None:
    """The form at a version; of an op retired before it the last one, of one that came later the newest."""
    try:
        schema = onnx.defs.get_schema(op_type, version, domain)
        if schema.deprecated:
            schema = onnx.defs.get_schema(op_type, schema.since_version - 1, domain)
    except onnx.defs.SchemaError:
        if not onnx.defs.has(op_type, domain):
            return None
        schema = onnx.defs.get_schema(op_type, domain)
    option = onnx.defs.OpSchema.FormalParameterOption
    return _Form(
        schema.min_input,
        schema.max_input,
        schema.max_output,
        tuple(i for i, formal in enumerate(schema.inputs) if formal.option == option.Single),
        tuple(name for name, a in schema.attributes.items() if a.required),
        {n: int(a.type) for n, a in schema.attributes.items()},  # type: ignore[call-overload]  # the stubs hide the enum
    )


def _refused(node: NodeProto, why: str) -> ModelError:
    name = node.name or next(iter(node.output), "")
    return ModelError(f"op {name!r} is no valid {node.op_type!r}: {why}")


def _counted(inputs: int) -> str:
    return f"{inputs} input" if inputs == 1 else f"{inputs} inputs"
