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
        ("tiles_by_other_factor", op("tile", reps=(1, 8, 2, 3)), SMALL, False),
        ("tiles_by_other_factor", op("tile", reps=(7, 1, 1, 1)), SMALL, False),
        ("tiles_by_other_factor", op("tile", reps=(1, 7, 1, 1)), SMALL, True),
        ("tiles_by_other_factor", op("tile", reps=(1, 1, 1, 7)), OPEN, None),
        ("tiles_by_other_factor", op("tile"), SMALL, None),
        ("returns_more", op("max_pool"), SMALL, False),
        ("odd_equation", op("Einsum"), SMALL, None),
        ("odd_equation", op("Einsum", equation="ij,jk,kl->il"), SMALL, False),
        ("odd_equation", op("Einsum", equation="...i->..."), SMALL, True),
        ("odd_equation", op("Einsum", equation="i, i"), SMALL, True),
        ("odd_equation", op("Einsum", equation="bii -> bi"), SMALL, True),
        ("outside_mil_ios_13", op("sin"), SMALL, False),
        ("outside_mil_ios_13", op("sin"), Value("x", DType.INT32, (4,)), True),
        ("outside_mil_ios_13", op("sin"), Value("x", None, (4,)), None),
        ("outside_mil_ios_13", op("resample", "x"), SMALL, True),
        ("outside_mil_ios_15", op("resample", "x"), SMALL, False),
        ("outside_mil_ios_15", op("fill_like", "ref_tensor"), SMALL, True),
        ("outside_mil_ios_16", op("fill_like", "ref_tensor"), SMALL, False),
        ("outside_mil_ios_16", op("reshape", "x"), Value("x", DType.INT8, (4,)), True),
        ("outside_mil_ios_17", op("reshape", "x"), Value("x", DType.INT8, (4,)), False),
        ("outside_mil_ios_17", op("read_state", "input"), SMALL, True),
        ("outside_mil_ios_18", op("read_state", "input"), SMALL, False),
        ("outside_mil_ios_18", op("transpose", "perm"), Value("x", DType.INT32, (4,)), True),
        ("outside_mil_ios_18", op("transpose", "perm"), Value("x", DType.INT32, (4,), const=True), False),
        ("outside_mil_ios_18", op("transpose", "axes"), SMALL, True),
        ("outside_mil_ios_18", op("nonsense"), SMALL, True),
    ],
)
def test_a_predicate_has_three_answers(name: str, asked: Op, value: Value, truth: bool | None) -> None:
    assert ask(name, asked, value) is truth


def test_an_output_of_unknown_shape_may_have_another_last_axis() -> None:
    assert ask("moves_last_axis", op("reshape"), LARGE, out=SHAPELESS) is None


@pytest.mark.parametrize(
    ("other", "truth"),
    [
        (SMALL, False),
        (LARGE, True),
        (Value("z", DType.FLOAT16, ()), False),
        (Value("z", DType.FLOAT16, (1, 8, 8, "N")), None),
        (SHAPELESS, None),
    ],
)
def test_operands_broadcast_when_their_shapes_differ(other: Value, truth: bool | None) -> None:
    assert ask("broadcasts", op("add", "x", "y"), SMALL, other) is truth


def test_inputs_of_one_type_domain_are_of_one_type() -> None:
    single = Value("z", DType.FLOAT32, (1, 8, 8, 64))
    assert ask("outside_mil_ios_18", op("add", "x", "y"), SMALL, SMALL) is False
    assert ask("outside_mil_ios_18", op("add", "x", "y"), SMALL, single) is True


def test_ops_of_other_dialects_are_not_in_question() -> None:
    foreign = Op("op", "Det", (), ("X",), (), {}, "onnx")
    assert ask("outside_mil_ios_18", foreign, SMALL) is False


def test_two_results_are_more_than_one() -> None:
    assert PREDICATES["returns_more"](op("max_pool"), (SMALL,), (SMALL, SMALL)) is True


@pytest.mark.parametrize(
    ("shape", "truth"), [((1, 8, 8, 9), False), ((1, 4, 8, 64), True), ((1, "N", 8, 64), None), (None, None)]
)
def test_indices_may_be_shorter_on_their_own_axis_only(shape: tuple[int | str, ...] | None, truth: bool | None) -> None:
    indices = Value("i", DType.INT32, shape)
    assert ask("indices_of_a_part", op("gather_along_axis", "x", "indices", axis=-1), SMALL, indices) is truth
