"""The operands of ops that take any axis order: which order such an op runs in, and what its operands are in it."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import NATIVE, Layout, Order, channels_last, moved, relaid_shape, trivial
from edgeplan.lower.tflite.runtime import reshaped

__all__ = ["common_order", "operand"]


def common_order(b: Builder, names: Sequence[str], out: str) -> Order:
    """The order for an op that reads `names` and makes `out`: the one that needs the fewest transposes.

    At a tie it is what the readers of `out` want, then the native one. Constants and operands of a lower rank follow
    the others. Native while a rank is unknown.
    """
    for name in names:
        if not b.is_native(name):
            break
    else:
        return NATIVE
    rank = b.rank(out)
    held = [b.orders(n) for n in dict.fromkeys(names) if b.rank(n) == rank and not b.is_weight(n)]
    if rank is None or not held:
        return NATIVE
    if len(held) == 1 and len(held[0]) == 1:
        return held[0][0]
    wish = b.wants(out)
    wished = channels_last(rank) if wish is Layout.LAST else NATIVE

    def cost(order: Order) -> tuple[int, bool, bool]:
        missing = sum(order not in orders for orders in held)
        return missing + (wish is not None and order != wished), order != wished, bool(order)

    return min(dict.fromkeys(o for orders in held for o in orders), key=cost)


def operand(b: Builder, name: str, order: Order, rank: int) -> str:
    """A broadcast operand as an op of `rank` reads it in `order`; one of a lower rank as if ones stood in front.

    Before: `Add(x [1,8,9,9], c [8,1,1])`, x held as [1,9,9,8]
    After:  c as the constant [1,1,1,8], or behind a RESHAPE to it when it is computed
    """
    if not order:
        return b.native(name)
    shape = b.shape(name)
    if shape is None or (b.value(name).elements == 1 and b.is_weight(name)):
        return b.native(name)
    if len(shape) == rank:
        return b.ordered(name, order)
    wide = (1,) * (rank - len(shape)) + shape
    if b.is_weight(name):
        return b.relaid_constant(name, wide, order)
    native = b.native(name)
    if trivial(wide, order):
        return reshaped(b, native, relaid_shape(order, wide))
    return b.transpose(reshaped(b, native, wide), moved(NATIVE, order, rank))
