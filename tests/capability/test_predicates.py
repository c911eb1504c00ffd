"""Predicates answer `unknown` where a dimension, a type or a constant is not known; rows hold the rest of them."""

from __future__ import annotations

import pytest

from edgeplan.capability.predicates import PREDICATES
from edgeplan.graph import DType, Op, Value

OPEN = Value("x", DType.FLOAT16, (1, 8, 64, "N"))
SHAPELESS = Value("x", DType.FLOAT16)
LARGE = Value("x", DType.FLOAT16, (1, 512, 128, 64))
SMALL = Value("x", DType.FLOAT16, (1, 8, 8, 64))


def ask(name: str, op: Op, *inputs: Value, out: Value = LARGE) -> bool | None:
    op = Op("op", op.type, tuple(v.name for v in inputs), op.ports, ("y",), op.attrs, op.domain)
    return PREDICATES[name](op, inputs, (out,))


def op(kind: str, *ports: str, **attrs: object) -> Op:
    return Op("op", kind, (), ports or ("x",), (), attrs)


@pytest.mark.parametrize(
    ("name", "asked", "value", "truth"),
    [
        ("dynamic_shape", op("relu"), OPEN, True),
        ("dynamic_shape", op("relu"), SHAPELESS, None),
        ("dynamic_shape", op("relu"), SMALL, False),
        ("short_last_axis", op("relu"), OPEN, None),
        ("short_last_axis", op("relu"), SHAPELESS, None),
        ("short_last_axis", op("relu"), Value("x", DType.FLOAT16, (1, 512, 8192, 1)), True),
        ("short_last_axis", op("relu"), Value("x", DType.FLOAT16, (1, 512, 8192, 1), const=True), False),
        ("groups_off_lanes", op("conv", groups=3), Value("x", DType.FLOAT16, (1, "C", 8, 8)), None),
        ("groups_off_lanes", op("conv", groups=2), OPEN, False),
        ("long_argument_axis", op("reduce_argmax", axis=-1), OPEN, None),
        ("long_argument_axis", op("reduce_argmax", axis=9), SMALL, None),
        ("long_argument_axis", op("reduce_argmax", axis=-1), SHAPELESS, None),
        ("moves_last_axis", op("transpose", perm=(0, 1, 3, 2)), OPEN, None),
        ("moves_last_axis", op("transpose", perm=(0, 1, 3, 2)), SHAPELESS, None),
        ("moves_last_axis", op("transpose", perm=(0, 1, 3, 2)), SMALL, False),
        ("moves_last_axis", op("transpose", perm=(0, 1, 3, 2)), LARGE, True),
        ("moves_last_axis", op("transpose", perm=(0, 2, 1, 3)), LARGE, False),
        ("slices_into_last_axis", op("slice_by_index"), LARGE, None),
        ("slices_into_last_axis", op("slice_by_index", begin=(0, 1)), LARGE, True),
        ("slices_into_last_axis", op("slice_by_index", begin=(0, 1), begin_mask=(False, True)), LARGE, False),
        ("pads_outer_axis", op("pad"), LARGE, None),
        ("pads_outer_axis", op("pad", pad=(0, 0, 1, 1, 0, 0, 0, 0)), LARGE, True),
        ("pads_outer_axis", op("pad", pad=(0, 0, 1, 1, 0, 0, 0, 0)), SHAPELESS, None),
        ("pads_outer_axis", op("pad", pad=(0, 0, 0, 0, 1, 1, 1, 1)), LARGE, False),
        ("int32_data", op("cast"), Value("x", DType.INT32, (4,)), False),
        ("int32_data", op("gather", "indices"), Value("x", DType.INT32, (4,)), False),
        ("int32_data", op("add"), Value("x", DType.INT32, (4,)), True),
    ],
)
def test_a_predicate_has_three_answers(name: str, asked: Op, value: Value, truth: bool | None) -> None:
    assert ask(name, asked, value) is truth


def test_an_output_of_unknown_shape_may_have_another_last_axis() -> None:
    assert ask("moves_last_axis", op("reshape"), LARGE, out=SHAPELESS) is None
