"""Cuts a model in two: what a device runs first, and what another machine, a host or a cloud, makes of it.

Before:
    y = Conv(Relu(Conv(x, a)), b)
After:
    device   r = Relu(Conv(x, a))       # hands over r
    cloud    y = Conv(r, b)

Values flow one way: what the other side makes never comes back. What is known before the model runs is never handed
over: weights lie on the side that reads them, ops that read nothing else stand on both sides where both need them, and
sizes that shape inference found out are constants. So the tensors handed over are activations, and inputs of the model
that the other side reads, too. The two models, one behind the other, are the old one to the bit where a runtime rounds
each op alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.passes.common import RemoveInitializersFromInputsPass

from edgeplan.surgery.apply import forget
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.looking import bodies, dims, is_used, sizes
from edgeplan.surgery.reach import Reach, Settled

__all__ = ["Halves", "cut_in_two"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Halves:
    """A model in two, None for a side that nothing is left for.

    `boundary` are the tensors that the device makes and hands over, in the order it makes them; `carried` are inputs of
    the model that the cloud reads itself. Together they are the cloud's inputs.
    """

    device: Draft | None
    cloud: Draft | None
    boundary: tuple[str, ...]
    carried: tuple[str, ...]

    @property
    def parts(self) -> Mapping[Literal["device", "cloud"], Draft]:
        """The sides that have something to run, the device first."""
        found: dict[Literal["device", "cloud"], Draft] = {}
        if self.device is not None:
            found["device"] = self.device
        if self.cloud is not None:
            found["cloud"] = self.cloud
        return found


def cut_in_two(draft: Draft, cloud_ops: Collection[str], *, sized: bool = True) -> Halves | str:
    """The model in two so that the named ops (`draft.graph.ops[i].name`) run in the cloud; or why it cannot be.

    With `sized` no tensor is handed over whose size is only known when it is there. The draft stays as it is.
    """
    unknown = set(cloud_ops).difference(op.name for op in draft.graph.ops)
    if unknown:
        return f"no op is called {min(unknown)!r}"
    whole = draft.copy()
    RemoveInitializersFromInputsPass()(whole.model)  # nobody feeds them
    whole.model.ir_version = max(whole.model.ir_version or 0, 4)  # before, weights had to be inputs
    _write_out_branches(whole)
    graph = whole.model.graph
    made = {out.name: node for node in graph for out in node.outputs}
    cloud_nodes = {made[out] for op in draft.graph.ops if op.name in cloud_ops for out in op.outputs if out in made}
    return _cut(whole, cloud_nodes, sized)


def _cut(whole: Draft, cloud_nodes: Collection[ir.Node], sized: bool) -> Halves | str:
    graph = whole.model.graph
    all_there = len(cloud_nodes) == len(graph) > 0
    up = [v for v in graph.outputs if all_there or v.producer() in cloud_nodes]
    kept = [v for v in graph.outputs if v not in up]
    settled = Settled.of(graph)
    cloud = Reach(settled, cloud_nodes)
    cloud.follow(up)
    boundary = [out for node in graph for out in node.outputs if out in cloud.foreign]
    device = Reach(settled, set(graph).difference(cloud_nodes))
    device.follow([*kept, *boundary])
    for value, reader in device.foreign.items():
        maker, name = value.producer(), reader.name or reader.op_type
        assert maker is not None
        back = f"{value.name!r}, which {maker.name or maker.op_type!r} makes in the cloud"
        return f"op {name!r} of the device reads {back}: nothing comes back from there"
    handed = [*(v for v in graph.inputs if v in cloud.inputs), *boundary]
    wrong = next((why for v in handed if (why := _why_not(v, sized))), "")
    if wrong:
        return wrong
    outputs = [*kept, *(v for v in boundary if v not in kept)]
    idle = [v for v in graph.inputs if v not in cloud.inputs and v not in device.inputs]
    here = [v for v in graph.inputs if v in device.inputs or (v in idle and outputs)]
    there = [v for v in graph.inputs if v in cloud.inputs or (v in idle and not outputs)]
    return Halves(
        _half(whole, here, outputs, (), device.known) if outputs else None,
        _half(whole, there, up, boundary, cloud.known) if up else None,
        tuple(v.name or "" for v in boundary),
        tuple(v.name or "" for v in there) if up else (),
    )


def _why_not(value: ir.Value, sized: bool) -> str:
    """Why a value cannot be handed over; empty where it can."""
    name, shape = value.name, dims(value)
    if isinstance(value.type, ir.SequenceType | ir.OptionalType):
        return f"{name!r} would be handed over, which is no tensor but a sequence or an optional value"
    if value.dtype is None or value.dtype == ir.DataType.UNDEFINED or shape is None:
        return f"{name!r} would be handed over, and its type or shape is not known"
    if value.dtype == ir.DataType.STRING:
        return f"{name!r} would be handed over, which holds strings"
    if not sized or sizes(value) is not None:
        return ""
    free = [d for d in shape if isinstance(d, str)]
    said = "x".join("?" if d is None else str(d) for d in shape)
    cure = f"bind it with --dim {free[0]}=SIZE" if free else "its size depends on the data, or on a free dimension"
    return f"{name!r} would be handed over with the free shape {said}: {cure}"


def _half(
    whole: Draft,
    inputs: Sequence[ir.Value],
    outputs: Sequence[ir.Value],
    boundary: Sequence[ir.Value],
    known: Mapping[ir.Value, Array],
) -> Draft:
    """The part of a model that makes `outputs` of `inputs` and of the `boundary`, which it is handed."""
    model = whole.model.clone()
    graph = model.graph
    made_in = (o for n in graph for o in n.outputs)
    own = {v.name: v for v in (*graph.inputs, *graph.initializers.values(), *made_in)}
    ends = [own[v.name] for v in outputs]
    graph.outputs.clear()
    graph.outputs.extend(ends)
    entries = [own[v.name] for v in inputs]
    graph.inputs.clear()
    graph.inputs.extend(entries)
    for value in boundary:
        new = _in_place_of(own[value.name], whole)
        new.type, new.shape, new.doc_string = value.type, value.shape and value.shape.copy(), value.doc_string
        graph.inputs.append(new)
    for value, contents in known.items():
        if own[value.name].is_graph_output():  # what is handed out is made by an op
            continue
        new = _in_place_of(own[value.name], whole)
        assert value.dtype is not None
        array = contents.astype(value.dtype.numpy())
        new.const_value = ir.Tensor(array, dtype=value.dtype, name=new.name)
        new.dtype, new.shape = value.dtype, ir.Shape(list(contents.shape))
        graph.initializers[new.name or ""] = new
    _drop_unread(graph)
    made = Draft(model)
    made.declared |= {name: said for name, said in whole.declared.items() if name in made.declared}
    return made


def _in_place_of(old: ir.Value, whole: Draft) -> ir.Value:
    """A new value of the same name that is read in another's place."""
    new = ir.Value(name=old.name)
    old.name = whole.fresh(f"{old.name}/cut")  # its op goes, or nothing reads it
    ir.convenience.replace_all_uses_with(old, new)
    return new


def _drop_unread(graph: ir.Graph) -> None:
    """Remove the ops and weights that nothing which is handed out depends on."""
    for node in reversed(graph):
        if not any(is_used(out) for out in node.outputs):
            graph.remove(node)
            forget(node)
    for name, value in list(graph.initializers.items()):
        if not is_used(value):
            del graph.initializers[name]


def _write_out_branches(whole: Draft) -> None:
    """Put the branches that an If is known to take in its place, as they stand in `whole.graph`, in place."""
    graph, read = whole.model.graph, whole.graph
    left = [node for node in graph if node.op_type == "If"]
    names = {node.name for node in graph} - {None, ""}  # a graph has no two nodes of one name
    while left:
        node = left.pop()
        at = next((at for o in node.outputs if (at := read.producer.get(o.name or "")) is not None), None)
        if at is None or read.ops[at].type != "Identity":  # it is known only when the model runs
            continue
        taken = next(b for b in bodies(node) if read.ops[at].inputs[0] in [o.name for o in b.outputs])
        results = list(taken.outputs)
        taken.outputs.clear()
        for name, value in list(taken.initializers.items()):
            del taken.initializers[name]
            graph.initializers[name] = value
        inside = list(taken)
        taken.remove(inside)
        for inner in inside:
            if inner.name in names:
                inner.name = whole.fresh(inner.name or "")
        names.update({inner.name for inner in inside} - {None, ""})
        graph.insert_before(node, inside)
        left += [inner for inner in inside if inner.op_type == "If"]
        for old, result in zip(node.outputs, results, strict=True):
            copied = ir.Node("", "Identity", [result], name=whole.fresh(node.name or "Identity"))
            new = copied.outputs[0]
            new.type, new.shape = old.type, old.shape
            new.meta.update(old.meta)
            new.name, old.name = old.name, whole.fresh(f"{old.name}/cut")
            graph.insert_before(node, copied)
            ir.convenience.replace_all_uses_with(old, new, replace_graph_outputs=True)
        graph.remove(node)
        forget(node)
