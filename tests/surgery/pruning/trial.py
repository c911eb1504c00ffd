"""A network pruned, held against the same one with zeros in the place of what went: the results must be equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.graph import Shape, Value
from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.reform import Kept
from edgeplan.pruning.structure import Structure
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.cut import cut
from edgeplan.surgery.runs import RunError, difference, run_float
from tests.surgery.graphs import Feeds

Array = NDArray[Any]

CLOSE = 2e-5
"""How far results may be apart (root mean square, relative): what is left is summed in another order."""

_SUMMING = frozenset(("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN", "Gather"))
"""Ops whose weights may be zero in a channel without a division by it."""


def some_of(structure: Structure, rng: Random) -> Kept:
    """A choice: some units of every group, at least one; of some groups all."""
    kept = {}
    for at, group in enumerate(structure.groups):
        most = len(group.units)
        count = rng.choice((1, most, rng.randint(1, most), rng.randint(1, most)))
        kept[at] = group.units[sorted(rng.sample(range(most), count))]
    return Kept(structure, structure.without(kept))


def zeroed(draft: Draft, kept: Kept, which: Callable[[ir.Value], bool] = lambda value: True) -> onnx.ModelProto:
    """The model as it was, with zeros wherever a weight lies in a unit that goes."""
    made = draft.copy()
    for name, value in made.model.graph.initializers.items():
        masks = {a: m for a in kept.structure.axes.get(name, {}) if (m := kept.mask(name, a)) is not None}
        if value.const_value is not None and masks and which(value) and not _scaling(value):
            array = np.array(value.const_value.numpy())
            for axis, mask in masks.items():
                array[(slice(None),) * axis + (~mask,)] = 0
            for node, at in value.uses():
                if node.op_type == "DequantizeLinear" and at == 0:
                    array = _at_zero_point(node, array, masks)
            value.const_value = ir.Tensor(array, name=name)
    for node in list(made.model.graph):  # weights made of nothing hold the same number everywhere
        out = node.outputs[0]
        if node.op_type == "ConstantOfShape" and kept.changes(out.name or ""):
            fill = (
                node.attributes["value"].as_tensor().numpy() if "value" in node.attributes else np.zeros(1, np.float32)
            )
            array = np.full([int(d) for d in out.shape or ()], fill)  # type: ignore[call-overload]
            for axis in kept.structure.axes[out.name or ""]:
                mask = kept.mask(out.name or "", axis)
                assert mask is not None
                array[(slice(None),) * axis + (~mask,)] = 0
            node.op_type = "Constant"
            node.attributes.clear()
            node.attributes.add(ir.AttrTensor("value", ir.Tensor(array)))
            node.resize_inputs(0)
    return ir.to_proto(made.model)


def _scaling(value: ir.Value) -> bool:
    """Whether it is a scale or a zero point."""
    return any(node.op_type in ("QuantizeLinear", "DequantizeLinear") and at > 0 for node, at in value.uses())


def _at_zero_point(node: ir.Node, array: Array, masks: Mapping[int, NDArray[np.bool_]]) -> Array:
    """A quantised weight with what stands for zero where it has 0."""
    point = node.inputs[2] if len(node.inputs) > 2 else None
    if point is None or point.const_value is None:
        return array
    shift = np.asarray(point.const_value.numpy())
    axis = node.attributes.get_int("axis", 1) % max(array.ndim, 1)
    if shift.size > 1:
        shift = shift.reshape([-1 if a == axis else 1 for a in range(array.ndim)])
    gone = np.zeros(array.shape, np.bool_)
    for at, mask in masks.items():
        gone[(slice(None),) * at + (~mask,)] = True
    return np.where(gone, shift, array).astype(array.dtype)


def _summed(value: ir.Value) -> bool:
    """Whether a weight is only multiplied and summed, or becomes one that is."""
    return all(
        node.op_type in _SUMMING
        or (
            node.op_type in ("DequantizeLinear", "Identity", "Transpose", "Reshape", "Cast")
            and _summed(node.outputs[0])
        )
        for node, _ in value.uses()
    )


def wrong(draft: Draft, kept: Kept, feeds: Sequence[Feeds], outputs: Sequence[str]) -> str:
    """What is wrong with a prepared model pruned to a choice; empty where nothing is."""
    made = cut(draft, kept)
    proto = ir.to_proto(made.model)
    try:
        onnx.checker.check_model(proto, full_check=True)
    except Exception as e:  # the checker's errors share no base class
        return f"not valid: {e}"
    fault = _misshapen(kept, made, proto)
    if fault:
        return fault
    for fed in feeds:
        try:
            now = run_float(proto, fed, outputs)
        except RunError as e:
            return "" if "NOT_IMPLEMENTED" in str(e) else f"does not run: {e}"
        whole, was = _reference(draft, kept, fed, outputs)
        gaps = [_gap(a, np.asarray(b)) for a, b in zip(was, now, strict=True)]
        if max(gaps) > CLOSE:
            nudged = {n: (a * (1 + 1e-6)).astype(a.dtype) if a.dtype.kind == "f" else a for n, a in fed.items()}
            own = [_gap(a, np.asarray(b)) for a, b in zip(was, run_float(whole, nudged, outputs), strict=True)]
            off = [g for g, o in zip(gaps, own, strict=True) if g > max(CLOSE, 10 * o)]  # else a normalised nothing
            if off:
                at = gaps.index(off[0])
                return f"output {outputs[at]} {np.shape(was[at])} is off by {gaps[at]:.1e}"
    return ""


def _reference(draft: Draft, kept: Kept, fed: Feeds, outputs: Sequence[str]) -> tuple[onnx.ModelProto, list[Array]]:
    """The zeroed model and its results; where it divides by zeros, only those weights are zero that are summed."""
    for which in (lambda value: True, _summed):
        model = zeroed(draft, kept, which)
        found = [np.asarray(a) for a in run_float(model, fed, outputs)]
        if all(np.isfinite(a).all() for a in found if a.dtype.kind == "f"):
            break
    return model, found


def _gap(was: Array, now: Array) -> float:
    if was.dtype.kind == "f" and was.shape == now.shape and not np.isfinite(was).all():
        return 0.0  # nothing can be said of it
    if was.size and was.dtype.kind == "f" and was.shape == now.shape and abs(was - now).max() < 1e-6:
        return 0.0
    return difference(was, now)


def _misshapen(kept: Kept, made: Draft, proto: onnx.ModelProto) -> str:
    """A value whose size is not as it was foretold: by edgeplan's inference of the new model, and by onnx's."""
    told = narrow(kept)
    if [o.type for o in told.ops] != [o.type for o in made.graph.ops]:
        return "other ops were foretold"
    for one, two in zip(told.ops, made.graph.ops, strict=True):
        if dict(one.attrs) != dict(two.attrs) or one.ports != two.ports:
            return f"{one.name}: attributes {dict(one.attrs)} foretold, {dict(two.attrs)} made"
        for a, b in zip(one.inputs, two.inputs, strict=True):
            data = told.values[a].data, made.graph.values[b].data
            if told.values[a].const and None not in data and not _is_float(told.values[a]) and data[0] != data[1]:
                return f"{one.name}: {a} = {data[0]} foretold, {data[1]} made"
    for name, value in told.values.items():
        if name in made.graph.values and _differ(value.shape, made.graph.values[name].shape):
            return f"{name}: {value.shape} foretold, {made.graph.values[name].shape} made"
    inferred = onnx.shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
    for info in inferred.graph.value_info:
        shape = tuple(d.dim_value or None for d in info.type.tensor_type.shape.dim)
        said = told.values[info.name].shape if info.name in told.values else None
        if info.type.tensor_type.HasField("shape") and _differ(said, shape):
            return f"{info.name}: {said} foretold, {shape} inferred"
    return ""


def _differ(one: Shape, two: Shape) -> bool:
    if one is None or two is None:
        return False
    if len(one) != len(two):
        return True
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(one, two, strict=True))


def _is_float(value: Value) -> bool:
    return value.dtype is not None and value.dtype.is_float


def misnamed(structure: Structure) -> str:
    """A group whose axes are not what they say: every unit lies in each of them, as often as is said."""
    for group in structure.groups:
        if len(np.unique(group.units)) != len(group.units) or len(group.units) < 2:
            return f"{group.name}: units {group.units}"
        for axis in group.axes:
            labels = structure.axes[axis.weight][axis.axis]
            counts = [int((labels == unit).sum()) for unit in group.units]
            if set(counts) != {axis.indices}:
                return f"{group.name}: {axis} holds its units {counts} times"
    mine = {(a.weight, a.axis) for group in structure.groups for a in group.axes}
    live = np.concatenate([g.units for g in structure.groups]) if structure.groups else np.zeros(0)
    for name, axes in structure.axes.items():
        for axis, labels in axes.items():
            weight = structure.graph.values[name].const and name not in structure.graph.producer
            if weight and (name, axis) not in mine and np.isin(labels, live).any():
                return f"axis {axis} of {name} is in no group"
    return ""
