"""Computes beforehand what depends on constants alone, in bounds: a model must not grow by what it could compute."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx
import onnx_ir as ir
from onnx import helper, numpy_helper

from edgeplan.surgery.draft import graphs
from edgeplan.surgery.looking import KNOWN, is_constant, only_reader, sizes
from edgeplan.surgery.runs import RunError, run_float, run_reference

__all__ = ["fold_constants"]

_EAGER = 1 << 20
"""Bytes up to which a constant is computed at once, so that rewrites can look into it; larger ones when written."""

_GROWTH = 1 << 24
"""Bytes by which one constant may be larger than what it is computed from."""

_TOTAL = 1 << 28
"""Bytes by which a model may grow through folding: what a small file makes of nothing stays to be made."""

_GROWN = "edgeplan.grown"
"""Where it stands in `Value.meta` by how many bytes a constant that was folded made the model grow."""

_RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
_KEPT = {"Dropout", "QuantizeLinear", "DequantizeLinear", "Constant"}
"""What stays: weights are kept quantised where the model has them so."""


def fold_constants(model: ir.Model, growth: int = _GROWTH) -> int:
    """Replace, in place, ops whose results are known by constants; the number of ops that became one.

    Small ones are computed at once by onnxruntime, larger ones when the model is written. What shape inference found
    out (`edgeplan.surgery.looking.KNOWN`) is used as it is. Results that would each make the
    model grow by more than `growth` bytes stay computed.
    """
    left, done = _TOTAL - sum(v.meta.get(_GROWN, 0) for g in graphs(model.graph) for v in g.initializers.values()), 0
    for graph in graphs(model.graph):
        settled = [node for node in graph if _settle(node)]
        waiting: list[ir.Node] = []
        for node in graph:
            grown = _growth(node)
            if grown is not None and grown <= min(growth, left):
                left -= max(grown, 0)
                node.outputs[0].meta[_GROWN] = max(grown, 0)
                waiting.append(node)
                for out in node.outputs:  # so that what follows counts as constant, too
                    out.const_value = _later(out, node)
        _compute(waiting, model.opset_imports)
        for node in (*settled, *waiting):
            done += _retire(graph, node)
    return done


def _settle(node: ir.Node) -> bool:
    """Give the one output of a node the contents that shape inference knows; whether there were any."""
    if len(node.outputs) != 1 or node.op_type in _KEPT or node.op_type == "Identity":
        return False
    out = node.outputs[0]
    found = out.meta.get(KNOWN)
    if found is None or out.dtype is None:
        return False
    array = np.asarray(found).astype(out.dtype.numpy())
    out.const_value = ir.Tensor(array, dtype=out.dtype, name=out.name)
    return True


def _growth(node: ir.Node) -> int | None:
    """By how many bytes an op's results outweigh the constants they are made of; None for an op that stays."""
    if node.op_type in _RANDOM or node.op_type in _KEPT or node.domain not in ("", "ai.onnx"):
        return None
    if any(a.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS) for a in node.attributes.values()):
        return None
    if any(v is not None and not _is_fixed(v) for v in node.inputs):
        return None
    if not node.inputs and node.op_type != "ConstantOfShape":
        return None
    if all(o.const_value is not None for o in node.outputs):
        return None
    made = 0
    for out in node.outputs:
        shape = sizes(out)
        if shape is None or out.dtype is None or out.dtype == ir.DataType.STRING or out.dtype.numpy().itemsize == 0:
            return None
        made += prod(shape) * int(np.ceil(out.dtype.itemsize))
    used_up = {v for v in node.inputs if v is not None and v.const_value is not None and only_reader(v) is node}
    return made - sum(v.const_value.nbytes for v in used_up if v.const_value is not None)


def _is_fixed(value: ir.Value) -> bool:
    producer = value.producer()
    if producer is not None:
        return value.const_value is not None and producer.op_type not in _KEPT - {"Constant"}
    return is_constant(value)


def _later(out: ir.Value, node: ir.Node) -> ir.LazyTensor:
    """The tensor of a result, computed when it is read."""
    assert out.dtype is not None
    assert out.shape is not None
    tensors = [None if v is None else v.const_value for v in node.inputs]
    proto, index = ir.to_proto(node), list(node.outputs).index(out)
    names = [o.name or f"edgeplan.{i}" for i, o in enumerate(node.outputs)]
    version = node.graph.opset_imports.get("", 18) if node.graph is not None else 18
    dtype, name = out.dtype, out.name

    def compute() -> ir.TensorProtocol:
        given = {
            n: t.numpy() for n, t in zip(proto.input, tensors, strict=True) if n and t is not None
        }  # fmt: skip
        array = _run([proto], given, [names[index]], {"": version})[0]
        return ir.Tensor(np.asarray(array).astype(dtype.numpy()), dtype=dtype, name=name)

    return ir.LazyTensor(compute, dtype=dtype, shape=ir.Shape(list(out.shape)), name=name or "")


def _compute(nodes: Sequence[ir.Node], opsets: dict[str, int]) -> None:
    """Compute all small results at once, in one run."""
    small = {o: None for n in nodes for o in n.outputs if o.const_value is not None and o.const_value.nbytes <= _EAGER}
    needed = _needed(nodes, small)
    if not needed:
        return
    inside = {o for n in needed for o in n.outputs}
    given = {}
    for node in needed:
        for value in node.inputs:
            if value is not None and value not in inside and value.const_value is not None:
                given[value.name or ""] = value.const_value.numpy()
    wanted = [o for o in small if o in inside]
    try:
        found = _run([ir.to_proto(n) for n in needed], given, [o.name or "" for o in wanted], opsets)
    except RunError:  # one op that cannot run must not keep the others from being computed: each by itself, when read
        return
    for out, array in zip(wanted, found, strict=True):
        assert out.dtype is not None
        out.const_value = ir.Tensor(np.asarray(array).astype(out.dtype.numpy()), dtype=out.dtype, name=out.name)


def _needed(nodes: Sequence[ir.Node], wanted: dict[ir.Value, None]) -> list[ir.Node]:
    """Those of the nodes, in order, that small results need and that are all small themselves."""
    return [n for n in nodes if all(o in wanted for o in n.outputs)]


def _run(
    nodes: Sequence[onnx.NodeProto], given: dict[str, np.ndarray], wanted: Sequence[str], opsets: dict[str, int]
) -> list[np.ndarray]:  # fmt: skip
    """The results of constant ops: onnxruntime's, the reference evaluator's where it has no kernel."""
    tensors = [numpy_helper.from_array(np.asarray(a, order="C"), n) for n, a in given.items()]
    graph = helper.make_graph(list(nodes), "constants", [], [onnx.ValueInfoProto(name=w) for w in wanted], tensors)
    imports = [helper.make_opsetid("", opsets.get("", 18))]
    made = helper.make_model(graph, opset_imports=imports, ir_version=10)
    try:
        return run_float(made, {}, wanted)
    except RunError:
        return run_reference(made, {}, wanted)


def _retire(graph: ir.Graph, node: ir.Node) -> int:
    """Turn a node's results into initializers; 1 when the node could go, else 0."""
    if any(o.const_value is None or o.is_graph_output() for o in node.outputs):
        for out in node.outputs:
            if out.is_graph_output():
                out.const_value = None  # a model hands out what an op makes
        return 0
    for out in node.outputs:
        if not out.uses():
            continue
        value = ir.Value(name=out.name, shape=out.shape, type=out.type, const_value=out.const_value)
        value.meta.update(out.meta)
        out.name = f"{out.name}/folded"
        graph.initializers[value.name or ""] = value
        ir.convenience.replace_all_uses_with(out, value)
    graph.remove(node, safe=True)
    return 1
