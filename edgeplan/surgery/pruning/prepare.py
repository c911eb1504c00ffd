"""Makes a model ready to be pruned: sizes as constants where they can be, and weights of their own for every op."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.folding import fold_constants
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.looking import BLANK, dims, is_constant, known, made_by
from edgeplan.surgery.rewrite import Stage
from edgeplan.surgery.rewrites import rewrites
from edgeplan.surgery.sweep import sweep
from edgeplan.surgery.tidy import own_weights

__all__ = ["prepare"]

_ROUNDS = 8

_ROOM = 1024
"""Bytes by which a constant may outgrow what it is made of: what stands for zeros stays made, but where weights do."""


def prepare(draft: Draft) -> Draft:
    """A copy of a model in which what is computed of constants is folded and shapes say what they are.

    Exporters write shapes as programs; one that only finds out what is known anyway would hold on to sizes that are
    about to change. Vectors that are one weight because they are equal, as biases of zeros are, and in a model before
    its training all weights, are one by accident: each op gets its own.
    """
    made = draft.copy()
    own_weights(made)
    _part(made)
    for _ in range(_ROUNDS):
        changed = fold_constants(made.model) if made.blank else fold_constants(made.model, _ROOM)
        changed += len(sweep(made, rewrites(Stage.TIDY), Ledger(False)).sites)
        changed += _settle_shapes(made)
        RemoveUnusedNodesPass()(made.model)
        made.refresh()
        if not changed:
            break
    return made


def _part(draft: Draft) -> None:
    """Give every op that reads a vector, or a weight of one number, a copy of it, through ops that only hand it on."""
    for graph in graphs(draft.model.graph):
        for node in reversed(list(graph)):  # readers first: what hands on is parted for each of them
            if node.op_type in ("Identity", "ConstantOfShape") and _is_blank(node.outputs[0]):
                _copy_for_readers(draft, graph, node)
        for value in list(graph.initializers.values()):
            uses = list(value.uses())
            if len(uses) < 2 or value.is_graph_input() or not (value.meta.get(BLANK) or _is_vector(value)):
                continue
            for node, index in uses[1:]:
                copy = ir.Value(name=draft.fresh(value.name or "weight"), shape=value.shape)
                copy.const_value = _again(value.const_value, copy.name or "")
                copy.dtype = value.dtype  # type: ignore[assignment]
                copy.meta.update(value.meta)
                graph.initializers[copy.name or ""] = copy
                node.replace_input_with(index, copy)


def _is_blank(value: ir.Value) -> bool:
    """Whether a weight, or what it is handed on as, is one number throughout."""
    while (node := made_by(value, "Identity")) is not None and node.inputs[0] is not None:
        value = node.inputs[0]
    return bool(value.meta.get(BLANK))


def _again(tensor: ir.TensorProtocol | None, name: str) -> ir.LazyTensor:
    """The same contents under another name: onnx_ir writes the name of a value into its tensor."""
    assert tensor is not None  # it is an initializer's
    return ir.LazyTensor(lambda: tensor, dtype=tensor.dtype, shape=ir.Shape(list(tensor.shape.numpy())), name=name)


def _is_vector(value: ir.Value) -> bool:
    """Whether a weight has floats along one axis alone: a bias, a scale."""
    tensor = value.const_value
    if tensor is None or not tensor.dtype.is_floating_point():
        return False
    return sum(int(n) > 1 for n in tensor.shape.numpy()) == 1


def _copy_for_readers(draft: Draft, graph: ir.Graph, node: ir.Node) -> None:
    for reader, index in list(node.outputs[0].uses())[1:]:
        made = ir.Node(
            node.domain, node.op_type, list(node.inputs), list(node.attributes.values()),
            name=draft.fresh(node.name or node.op_type),
        )  # fmt: skip
        out, old = made.outputs[0], node.outputs[0]
        out.name, out.shape, out.dtype = draft.fresh(old.name or "weight"), old.shape, old.dtype  # type: ignore[assignment]
        out.meta.update(old.meta)
        graph.insert_after(node, made)
        reader.replace_input_with(index, out)


def _settle_shapes(draft: Draft) -> int:
    """Tell reshapes their shape by a constant where it is known but for one free axis; how many there were."""
    done = 0
    for graph in graphs(draft.model.graph):
        for node in graph:
            if node.op_type != "Reshape" or len(node.inputs) < 2 or known(node.inputs[1]) is not None:
                continue
            if is_constant(node.inputs[1]):
                continue
            target = _target(node)
            if target is None:
                continue
            value = ir.Value(name=draft.fresh(f"{node.name or 'reshape'}_shape"), shape=ir.Shape([len(target)]))
            value.const_value = ir.tensor(target, dtype=ir.DataType.INT64, name=value.name)
            value.dtype = ir.DataType.INT64
            graph.initializers[value.name or ""] = value
            node.replace_input_with(1, value)
            node.attributes.pop("allowzero", None)
            done += 1
    return done


def _target(node: ir.Node) -> list[int] | None:
    """The shape of what a reshape makes, as a reshape is told it: 0 for an axis as before, -1 for one that is open."""
    before, after = dims(node.inputs[0]), dims(node.outputs[0])
    if after is None or before is None or 0 in after:
        return None
    found = []
    for axis, size in enumerate(after):
        if isinstance(size, int):
            found.append(size)
        elif size is not None and axis < len(before) and before[axis] == size:
            found.append(0)
        else:
            found.append(-1)
    return found if found.count(-1) <= 1 else None
