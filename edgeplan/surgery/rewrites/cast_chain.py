"""Two Casts in a row become one, or none, where the first loses nothing.

Before:
    a = Cast(x, to=FLOAT)       # x is float16
    y = Cast(a, to=INT32)
After:
    y = Cast(x, to=INT32)

A type that holds every value of another passes them on unchanged, so the second Cast may start from the first's input.
Where it leads back to the type at the start, nothing is left to do. Not done where the first Cast rounds, cuts off or
wraps; where it turns integers into floats that the second turns into smaller integers, since integers wrap where floats
have no defined result; or where others read the tensor in between and one Cast would remain all the same.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attributes, made_by, only_reader
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["CastChain"]

_FLOATS = {  # bits of the significand, and of the exponent
    ir.DataType.FLOAT16: (11, 5),
    ir.DataType.BFLOAT16: (8, 8),
    ir.DataType.FLOAT: (24, 8),
    ir.DataType.DOUBLE: (53, 11),
}
_INTEGERS = {  # whether there are negative ones, and the bits of the largest
    ir.DataType.BOOL: (False, 1),
    ir.DataType.UINT8: (False, 8),
    ir.DataType.UINT16: (False, 16),
    ir.DataType.UINT32: (False, 32),
    ir.DataType.UINT64: (False, 64),
    ir.DataType.INT8: (True, 7),
    ir.DataType.INT16: (True, 15),
    ir.DataType.INT32: (True, 31),
    ir.DataType.INT64: (True, 63),
}


class CastChain(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "cast-chain"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Cast"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Cast that reads another Cast."""
        first = made_by(node.inputs[0], "Cast")
        if first is None or first.inputs[0] is None:
            return None
        source, between, out = first.inputs[0], first.outputs[0], node.outputs[0]
        start, middle, end = source.dtype, between.dtype, out.dtype
        if start is None or middle is None or end is None:
            return NearMiss("a type is not known")
        if middle == end:
            return None
        if not _holds(middle, start):
            return NearMiss(f"the first Cast, from {start.name} to {middle.name}, can lose something")
        edit = Edit()
        if start == end:
            return edit.replaces([first, node], {out: source})
        if start in _INTEGERS and middle in _FLOATS and end in _INTEGERS and not _holds(end, start):
            return NearMiss(f"{end.name} does not hold all of {start.name}, and floats do not wrap")
        if only_reader(between) is not node:
            return NearMiss("something else reads the tensor between the two Casts")
        made = edit.op("Cast", [source], attributes(node))
        return edit.replaces([first, node], {out: edit.typed(made, like=out)})


def _holds(wide: ir.DataType, narrow: ir.DataType) -> bool:
    """Whether every value of one type is one of the other."""
    if wide == narrow:
        return True
    if wide == ir.DataType.BOOL:
        return False
    if wide in _FLOATS and narrow in _FLOATS:
        return all(w >= n for w, n in zip(_FLOATS[wide], _FLOATS[narrow], strict=True))
    if wide in _FLOATS and narrow in _INTEGERS:
        return _FLOATS[wide][0] >= _INTEGERS[narrow][1]
    if wide in _INTEGERS and narrow in _INTEGERS:
        (signed, bits), (was_signed, was_bits) = _INTEGERS[wide], _INTEGERS[narrow]
        return bits >= was_bits and (signed or not was_signed)
    return False
