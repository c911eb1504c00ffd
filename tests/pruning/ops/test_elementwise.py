from __future__ import annotations

import pytest

from tests.pruning.units import find

IMAGE = "(float[1,3,4,4] x) => (float[1,2,4,4] y)"


@pytest.mark.parametrize("kind", ["Add", "Mul", "Sub", "Div", "Max", "Greater", "Pow"])
@pytest.mark.parametrize("form", [(6, 1, 1), (1, 6, 1, 1), (6, 4, 4), (6, 1, 4)])
def test_a_weight_of_each_channel_goes_with_it_on_either_side(kind: str, form: tuple[int, ...]) -> None:
    cast = "d = Cast <to = 1> (c)" if kind == "Greater" else "d = Relu (c)"
    for operands in ("a, b", "b, a"):
        found = find(
            IMAGE, f"a = Conv (x, w) c = {kind} ({operands}) {cast} y = Conv (d, z)",
            w=(6, 3, 1, 1), b=form, z=(2, 6, 1, 1),
        )  # fmt: skip
        assert found.weights("a") == {"w.0": 1, f"b.{form.index(6)}": 1, "z.1": 1}


@pytest.mark.parametrize("form", [(), (1,), (4,), (4, 4), (1, 1, 4)])
def test_a_weight_of_other_axes_stays(form: tuple[int, ...]) -> None:
    found = find(IMAGE, "a = Conv (x, w) c = Add (a, b) y = Conv (c, z)", w=(6, 3, 1, 1), b=form, z=(2, 6, 1, 1))
    assert found.weights("a") == {"w.0": 1, "z.1": 1}


def test_layers_that_meet_lose_the_same_channels() -> None:
    found = find(
        IMAGE, "a = Conv (x, w) b = Conv (x, v) c = Add (a, b) d = Mul (c, c) y = Conv (d, z)",
        w=(6, 3, 1, 1), v=(6, 3, 1, 1), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.weights("a") == {"w.0": 1, "v.0": 1, "z.1": 1}


def test_one_number_serves_any_size_and_meeting_an_input_stays() -> None:
    found = find(
        "(float[1,6,4,4] x) => (float[1,2,4,4] y)",
        "a = Conv (x, w) m = ReduceMean <axes = [1]> (a) c = Mul (a, m) y = Conv (c, z)",
        w=(6, 6, 1, 1), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == "ReduceMean reduces it"
    found = find(
        "(float[1,6,4,4] x) => (float[1,2,4,4] y)", "a = Conv (x, w) c = Add (a, x) y = Conv (c, z)",
        w=(6, 6, 1, 1), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == "Add meets what keeps its size"


def test_where_and_prelu() -> None:
    found = find(
        IMAGE, "a = Conv (x, w) t = Greater (a, b) c = Where (t, a, d) e = PRelu (c, s) y = Conv (e, z)",
        w=(6, 3, 1, 1), b=(6, 1, 1), d=(1, 6, 1, 1), s=(6, 1, 1), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.weights("a") == {"w.0": 1, "b.0": 1, "d.1": 1, "s.0": 1, "z.1": 1}


def test_only_the_type_of_another_tensor_is_taken() -> None:
    found = find(
        IMAGE,
        """a = Conv (x, w) p = GlobalAveragePool (x) f = Flatten (p) g = MatMul (f, v) c = CastLike (a, g)
        y = Conv (c, z)""",
        w=(6, 3, 1, 1), v=(3, 5), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == "abcdef"


def test_scales_of_each_channel_go_with_it_and_blocks_stay() -> None:
    quantised = "i = QuantizeLinear <axis = {1}> ({0}, s) d = DequantizeLinear <axis = {1}> (i, s)"
    ops = f"a = Conv (x, w) {quantised.format('a', 1)} y = Conv (d, z)"
    found = find(IMAGE, ops, w=(6, 3, 1, 1), s=(6,), z=(2, 6, 1, 1))
    assert found.weights("a") == {"w.0": 1, "s.0": 1, "z.1": 1}
    found = find(IMAGE, ops, w=(6, 3, 1, 1), s=(), z=(2, 6, 1, 1))
    assert found.weights("a") == {"w.0": 1, "z.1": 1}


def test_a_mask_that_drops_numbers_has_the_same_channels() -> None:
    found = find(IMAGE, "a = Conv (x, w) c, m = Dropout (a) y = Conv (c, z)", w=(6, 3, 1, 1), z=(2, 6, 1, 1))
    assert found.axis("m", 1) == "abcdef"
