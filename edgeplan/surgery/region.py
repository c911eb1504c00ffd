"""The part of a graph a replacement touches, as two small models with the same inputs: before, and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
import onnx_ir as ir
from onnx import helper, numpy_helper

from edgeplan.surgery.constants import contents, evaluate
from edgeplan.surgery.looking import bodies, captured, dims, is_constant, known
from edgeplan.surgery.rewrite import Array, Replacement

__all__ = ["Region", "region"]

_HEAVY = 1 << 26
"""Bytes of weights above which ops with bodies, which may hold a whole network, are not run as a small model."""


@dataclass(frozen=True)
class Region:
    """Both sides of a replacement: `inputs` are the values that flow in, `constants` the old weights that are read."""

    new: Replacement
    before: tuple[onnx.NodeProto, ...]
    after: tuple[onnx.NodeProto, ...]
    inputs: tuple[ir.Value, ...]
    constants: tuple[ir.Value, ...]
    outputs: tuple[tuple[str, str], ...]
    opsets: Mapping[str, int] = field(default_factory=dict)

    def weights(self, given: Mapping[ir.Value, Array]) -> dict[str, Array]:
        """The constants of both sides by name, from those of the old one; floats as float64, not yet rounded."""
        made = {v.name or "": a for v, a in given.items()}
        known_so_far = dict(given)
        for folded in self.new.folded:
            array = evaluate(folded, known_so_far)
            known_so_far[folded.value] = array
            made[folded.value.name or ""] = array
        return made

    def models(
        self, shapes: Mapping[str, Sequence[int]], weights: Mapping[str, Array], double: bool = False
    ) -> tuple[onnx.ModelProto, onnx.ModelProto]:
        """Before and after, at `shapes` of the inputs; with `double` all of float32 and float16 is float64."""
        dtypes = {v.name: v.dtype for v in (*self.inputs, *self.constants, *(f.value for f in self.new.folded))}
        infos = []
        for value in self.inputs:
            kind = _widened(value.dtype, double)
            infos.append(helper.make_tensor_value_info(value.name or "", kind.value, list(shapes[value.name or ""])))
        found = []
        for nodes, side in ((self.before, 0), (self.after, 1)):
            nodes = tuple(_doubled(n) for n in nodes) if double else nodes
            read = {n for node in nodes for n in _reads(node)}
            tensors = []
            for name, array in weights.items():
                if name in read:
                    kind = _widened(dtypes[name], double)
                    tensors.append(numpy_helper.from_array(array.astype(kind.numpy()), name))
            outs = [onnx.ValueInfoProto(name=pair[side]) for pair in self.outputs]
            graph = helper.make_graph(list(nodes), "region", infos, outs, tensors)
            imports = [helper.make_opsetid(d, v) for d, v in self.opsets.items()]
            found.append(helper.make_model(graph, opset_imports=imports, ir_version=10))
        return found[0], found[1]


def region(new: Replacement, opsets: Mapping[str, int]) -> Region | str:
    """The region of a named replacement, or why it cannot be cut out."""
    old = _ordered(new.old)
    made_old = {o for n in old for o in n.outputs}
    made_new = {o for n in new.new for o in n.outputs} | {f.value for f in new.folded}
    inputs: dict[ir.Value, None] = {}
    constants: dict[ir.Value, None] = {f: None for folded in new.folded for f in folded.sources}
    for value in (
        *(v for n in (*old, *new.new) for v in (*n.inputs, *captured(n)) if v is not None),
        *(made for _, made in new.outputs),
    ):
        if value in made_old or value in made_new:
            continue
        (constants if is_constant(value) else inputs).setdefault(value)
    held = [v for n in (*old, *new.new) for body in bodies(n) for v in _weights(body)]
    if held and sum(v.const_value.nbytes for v in (*held, *constants) if v.const_value is not None) > _HEAVY:
        return "its bodies hold more weights than a trial takes"
    for value in inputs:
        if value.dtype is None or dims(value) is None:
            return f"the type or shape of {value.name} is not known"
    before = tuple(
        _without(ir.to_proto(n), {c.name or "" for c in constants}) if bodies(n) else ir.to_proto(n) for n in old
    )
    stay = _behind(new, made_old)
    after = [*(text for n, text in zip(old, before, strict=True) if n in stay), *(ir.to_proto(n) for n in new.new)]
    made = {o for n in new.new for o in n.outputs}
    pairs = []
    for at, (was, now) in enumerate(new.outputs):
        name = now.name or ""
        if now not in made:  # an input or a constant handed on
            name = f"edgeplan.handed.{at}"
            after.append(helper.make_node("Identity", [now.name or ""], [name]))
        pairs.append((was.name or "", name))
    kept = {d: v for d, v in opsets.items() if d == "" or any(d in _domains(n) for n in (*before, *after))}
    drop = {f.value for f in new.folded}
    weights = tuple(c for c in constants if c not in drop)
    return Region(new, before, tuple(after), tuple(inputs), weights, tuple(pairs), kept)


def _weights(body: ir.Graph) -> list[ir.Value]:
    """The weights of a body and of those inside it."""
    return [*body.initializers.values(), *(v for n in body for inner in bodies(n) for v in _weights(inner))]


def _behind(new: Replacement, made_old: set[ir.Value]) -> set[ir.Node]:
    """The old nodes that stay because the new ones read what they make."""
    found: set[ir.Node] = set()
    left = [v for n in new.new for v in (*n.inputs, *captured(n))] + [now for _, now in new.outputs]
    while left:
        value = left.pop()
        node = value.producer() if value in made_old and value is not None else None
        if node is not None and node not in found:
            found.add(node)
            left.extend((*node.inputs, *captured(node)))
    return found


def old_weights(part: Region) -> dict[ir.Value, Array]:
    """The contents of the region's weights."""
    found = {}
    for value in part.constants:
        tensor = ir.convenience.get_const_tensor(value)
        assert tensor is not None
        found[value] = contents(tensor)
    return found


def fixed_inputs(part: Region) -> dict[str, Array]:
    """Inputs whose contents are known before the model runs."""
    return {v.name or "": a for v in part.inputs if (a := known(v)) is not None}


def _ordered(nodes: Sequence[ir.Node]) -> list[ir.Node]:
    """Old nodes in an order in which they can run."""
    left, found = list(dict.fromkeys(nodes)), []
    done: set[ir.Node] = set()
    inside = set(left)
    while left:
        ready = [
            n for n in left if all(v is None or v.producer() not in inside - done for v in (*n.inputs, *captured(n)))
        ]
        found += ready
        done.update(ready)
        left = [n for n in left if n not in done]
    return found


def _graphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [g for a in node.attribute for g in ([a.g] if a.HasField("g") else a.graphs)]


def _domains(node: onnx.NodeProto) -> set[str]:
    return {node.domain, *(d for body in _graphs(node) for inner in body.node for d in _domains(inner))}


def _reads(node: onnx.NodeProto) -> set[str]:
    """What a node reads, its bodies included."""
    found = set(node.input)
    for body in _graphs(node):
        read = {n for inner in body.node for n in _reads(inner)} | {o.name for o in body.output}
        made = {o for inner in body.node for o in inner.output} | {t.name for t in body.initializer}
        found |= read - made - {i.name for i in body.input}
    return found


def _without(node: onnx.NodeProto, weights: set[str]) -> onnx.NodeProto:
    """A node whose bodies read these weights from outside, as the replacement does, but for those they hand out."""
    for body in _graphs(node):
        kept = [t for t in body.initializer if t.name not in weights - {o.name for o in body.output}]
        del body.initializer[:]
        body.initializer.extend(kept)
        for inner in body.node:
            _without(inner, weights)
    return node


def _widened(dtype: ir.DataType | None, double: bool) -> ir.DataType:
    assert dtype is not None
    return ir.DataType.DOUBLE if double and dtype in _NARROW else dtype


_NARROW = (ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


def _doubled(node: onnx.NodeProto) -> onnx.NodeProto:
    """A node whose float types are float64: what it casts to, and the constants in its attributes."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    narrow = {t.value for t in _NARROW}
    for attr in copy.attribute:
        if attr.name in ("to", "dtype") and attr.i in narrow:
            attr.i = onnx.TensorProto.DOUBLE
        if attr.type == onnx.AttributeProto.TENSOR and attr.t.data_type in narrow:
            attr.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(attr.t).astype(np.float64), attr.t.name))
        if attr.name in ("value_float", "value_floats"):
            array = np.array(attr.f if attr.name == "value_float" else list(attr.floats), np.float64)
            attr.CopyFrom(helper.make_attribute("value", numpy_helper.from_array(array)))
    if copy.op_type == "BatchNormalization" and len(copy.output) == 1:  # onnx's evaluator of opset 9 would still train
        kept = [a for a in copy.attribute if a.name != "momentum"]
        del copy.attribute[:]
        copy.attribute.extend([*kept, helper.make_attribute("momentum", 1.0)])
    for body in _graphs(copy):
        inner = [_doubled(n) for n in body.node]
        del body.node[:]
        body.node.extend(inner)
        for tensor in body.initializer:
            if tensor.data_type in narrow:
                tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
        for info in (*body.input, *body.output, *body.value_info):
            if info.type.tensor_type.elem_type in narrow:
                info.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    return copy
