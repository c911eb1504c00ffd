"""An op on int64 that was cast from a narrower type is done in int32, and the cast comes after it.

Before:
    i = Cast<to = int64>(a)             # a: bool, int8, int16, uint8, uint16 or int32
    y = Op(i, 3)
After:
    y = Cast<to = int64>(Op(a, 3))      # in int32, a cast to it first where it is narrower

Integers that fit int32 are the same integers there. Done for ops that move, select, compare or index, and for sums,
differences and products whose result is proved to fit, too: by the ranges of the types and constants that go in, or
because nothing but a Gather reads it, whose indices lie within an axis. The cast wanders down with every op done, until
a comparison or a Gather swallows it or the model hands it out; so inputs and outputs of the model keep their types. Not
done where the result may leave int32, or where an operand is int64 from the start and its range is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, attributes, dims, is_output, known, made_by
from edgeplan.surgery.reshaping import MOVES
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["Int64ToInt32"]

_NARROW = {
    ir.DataType.BOOL: (0, 1),
    ir.DataType.INT8: (-(2**7), 2**7 - 1),
    ir.DataType.UINT8: (0, 2**8 - 1),
    ir.DataType.INT16: (-(2**15), 2**15 - 1),
    ir.DataType.UINT16: (0, 2**16 - 1),
    ir.DataType.INT32: (-(2**31), 2**31 - 1),
}
"""Types whose every value fits int32, and their ranges."""

_LEAST, _LARGEST = _NARROW[ir.DataType.INT32]

_MOVES = frozenset({*MOVES, "Expand", "Slice", "Tile"})
"""Ops whose first input is what they hand on."""

_COMPARES = {"Equal": 7, "Less": 9, "Greater": 9, "LessOrEqual": 12, "GreaterOrEqual": 12}
_JOINS = {"Concat": 7, "Where": 9, "Min": 12, "Max": 12}
_COMPUTES = {"Add": 7, "Sub": 7, "Mul": 7}
"""Ops by name, with the first opset in which they take int32 as well as int64."""

_DEEP = 8
"""Ops a range is followed through at most."""

Range = tuple[int, int]


class Int64ToInt32(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "int64-to-int32"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({*_MOVES, *_COMPARES, *_JOINS, *_COMPUTES, "Gather"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an op of which at least one operand was cast to int64."""
        slots = _operands(node)
        found = {i: _widening(node.inputs[i]) for i in slots}
        casts = {i: cast for i, cast in found.items() if cast is not None and cast.graph is node.graph}
        since = {**_COMPARES, **_JOINS, **_COMPUTES}.get(node.op_type, 7)
        if not casts or context.opset < since or known(node.outputs[0]) is not None:
            return None
        for i in slots:
            value = node.inputs[i]
            if i not in casts and (known(value) is None or _range(value) is None):
                return NearMiss(f"{value.name if value else 'an operand'} is int64, and its range is not known")
        if node.op_type in _COMPUTES and not _indexes_alone(node.outputs[0]):
            ends = _computed(node.op_type, [_range(_source(node.inputs[i])) for i in slots])
            if ends is None or ends[0] < _LEAST or ends[1] > _LARGEST:
                return NearMiss(f"the result of {node.op_type} may be too large for int32")
        edit = Edit()
        inputs = [_narrowed(edit, v, casts.get(i)) if i in slots else v for i, v in enumerate(node.inputs)]
        made = edit.op(node.op_type, inputs, attributes(node))
        if node.op_type not in _COMPARES and slots != (1,):
            made = edit.op("Cast", [_told(made, node.outputs[0])], {"to": ir.DataType.INT64.value})
        return edit.replaces([*dict.fromkeys(casts.values()), node], {node.outputs[0]: made})


def _operands(node: ir.Node) -> tuple[int, ...]:
    """The inputs of an op that are its integers: those of one type with its result, those compared, or the indices."""
    if node.op_type in _MOVES:
        return (0,)
    if node.op_type == "Where":
        return (1, 2)
    if node.op_type == "Gather":
        return (1,) if _widening(node.inputs[1]) is not None else (0,)
    return tuple(range(len(node.inputs)))


def _widening(value: ir.Value | None) -> ir.Node | None:
    """The Cast from a narrower integer or bool that makes an int64 value."""
    cast = made_by(value, "Cast")
    if cast is None or attribute(cast, "to") != ir.DataType.INT64.value or cast.inputs[0] is None:
        return None
    return cast if cast.inputs[0].dtype in _NARROW else None


def _source(value: ir.Value | None) -> ir.Value | None:
    """What was cast to make a value, or the value."""
    cast = _widening(value)
    return cast.inputs[0] if cast is not None else value


def _narrowed(edit: Edit, value: ir.Value | None, cast: ir.Node | None) -> ir.Value | None:
    """An operand as int32."""
    source = cast.inputs[0] if cast is not None else None
    if source is None:
        return edit.constant(known(value), dtype=ir.DataType.INT32, name="narrow")
    if source.dtype == ir.DataType.INT32:
        return source
    return _told(edit.op("Cast", [source], {"to": ir.DataType.INT32.value}), source)


def _told(made: ir.Value, like: ir.Value) -> ir.Value:
    """A new value, told that it is int32 and of what shape."""
    made.dtype, made.shape = ir.DataType.INT32, like.shape
    return made


def _range(value: ir.Value | None, depth: int = _DEEP) -> Range | None:
    """Between what an integer value lies, if that is within int32; None where it may be anything."""
    found = known(value)
    if found is not None:
        ends = (int(np.min(found)), int(np.max(found))) if found.size else (0, 0)
        return ends if ends[0] >= _LEAST and ends[1] <= _LARGEST else None
    whole = _NARROW.get(value.dtype) if value is not None and value.dtype is not None else None
    node = value.producer() if value is not None else None
    if whole is None or node is None or node.domain != "" or depth == 0:
        return whole
    if node.op_type == "Cast" and node.inputs[0] is not None and node.inputs[0].dtype in _NARROW:
        return _range(node.inputs[0], depth - 1)
    if node.op_type in (*_MOVES, *_JOINS, *_COMPUTES):
        parts = [_range(node.inputs[i], depth - 1) for i in _operands(node)]
        result = _computed(node.op_type, parts)
        return result if result is not None and result[0] >= whole[0] and result[1] <= whole[1] else whole
    return whole


def _computed(kind: str, parts: Sequence[Range | None]) -> Range | None:
    """Between what the result of an op lies."""
    known_parts = [p for p in parts if p is not None]
    if len(known_parts) != len(parts) or not parts:
        return None
    if kind not in _COMPUTES:
        return min(p[0] for p in known_parts), max(p[1] for p in known_parts)
    (a, b), (c, d) = known_parts
    if kind == "Mul":
        products = (a * c, a * d, b * c, b * d)
        return min(products), max(products)
    return (a + c, b + d) if kind == "Add" else (a - d, b - c)


def _indexes_alone(value: ir.Value) -> bool:
    """Whether a value is nothing but indices into axes of known size: then it fits, or the model fails."""
    if is_output(value) or not value.uses():
        return False
    for node, slot in value.uses():
        if node.op_type != "Gather" or node.domain != "" or slot != 1:
            return False
        shape = dims(node.inputs[0])
        axis = int(attribute(node, "axis", 0))
        if shape is None or not isinstance(shape[axis], int):
            return False
    return True
