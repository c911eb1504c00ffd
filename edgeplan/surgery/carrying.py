"""How an op runs on reordered tensors: the same op once more, with attributes, constants or operands turned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

from edgeplan.surgery.looking import attribute, attributes, dims, sizes
from edgeplan.surgery.rewrite import Edit
from edgeplan.surgery.transposing import Order

__all__ = ["Carried", "Carrier", "Inputs", "again", "has_rank", "own_axis", "with_constant", "with_turned"]

Inputs = Sequence[ir.Value | None]


@dataclass(frozen=True, slots=True)
class Carrier:
    """How an op runs on reordered tensors.

    The inputs at `tied` are given in the new order, the others as they are; the results come in the new order, or as
    they always were where `settled`.
    """

    tied: tuple[int, ...]
    build: Callable[[Edit, Inputs], Sequence[ir.Value]]
    settled: bool = False


Carried = Carrier | str | None
"""A carrier; None where an op is tied to the order it has, or why it is though its kind is not."""


def again(node: ir.Node, *tied: int, settled: bool = False, **changed: Any) -> Carrier:
    """The same op with some attributes changed."""

    def build(edit: Edit, inputs: Inputs) -> Sequence[ir.Value]:
        given = {**attributes(node), **changed}
        return edit.op_multi_out(node.op_type, inputs, given, num_outputs=len(node.outputs))

    return Carrier(tied, build, settled)


def with_constant(node: ir.Node, at: int, contents: Sequence[int]) -> Carrier:
    """The same op with another constant for the input at `at`."""

    def build(edit: Edit, inputs: Inputs) -> Sequence[ir.Value]:
        old = node.inputs[at] if at < len(node.inputs) else node.inputs[1]
        assert old is not None
        given = [*inputs, *[None] * (at + 1 - len(inputs))]
        given[at] = edit.constant(list(contents), old.dtype)
        return edit.op_multi_out(node.op_type, given, attributes(node), num_outputs=len(node.outputs))

    return Carrier((0,), build)


def has_rank(value: ir.Value | None, rank: int) -> bool:
    """Whether a value is known to have so many axes."""
    shape = dims(value)
    return shape is not None and len(shape) == rank


def own_axis(node: ir.Node, rank: int, default: int) -> int:
    """The axis an op names, counted from the front."""
    return int(attribute(node, "axis", default)) % rank


def with_turned(edit: Edit, inputs: Inputs, places: Sequence[int], order: Order) -> list[ir.Value | None]:
    """Inputs of which the constants at some places are turned."""
    return [_turned(edit, v, order) if at in places and v is not None else v for at, v in enumerate(inputs)]


def _turned(edit: Edit, value: ir.Value, order: Order) -> ir.Value:
    """A constant operand in the new order, with all axes where that matters."""
    own = sizes(value)
    assert own is not None
    missing = len(order) - len(own)
    if order[missing:] == tuple(range(missing, len(order))):
        return value
    whole = (1,) * missing + own
    return edit.folded(lambda a: a.reshape(whole).transpose(order), value, shape=[whole[axis] for axis in order])
