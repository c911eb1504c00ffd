from pathlib import Path

import onnx
import pytest

from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = "g (float[N,4,3] x, float%s a, float b) => (float[N,4,3] y) { %s }"


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("y = Min(x, a)", ["Clip"]),
        ("y = Max(a, x)", ["Clip"]),
        ("p = Max(x, a) y = Min(p, b)", ["Clip"]),
        ("p = Min(b, x) y = Max(a, p)", ["Clip"]),
    ],
)
@pytest.mark.parametrize("shape", ["", "[1]", "[1,1]"])
def test_a_number_is_a_bound(body: str, kinds: list[str], shape: str) -> None:
    source = model(
        TEXT % (shape, body), constants={"a": -1 if shape == "" else [-1.0] if shape == "[1]" else [[-1.0]], "b": 2}
    )
    assert types(fires("min-max-to-clip", source, tolerance=0)) == kinds


def test_max_with_nothing_is_a_relu() -> None:
    text = "g (float16[4] x, float16 a) => (float16[4] y) { y = Max(x, a) }"
    assert types(fires("min-max-to-clip", model(text, constants={"a": 0}), tolerance=0)) == ["Relu"]


def test_opset_9() -> None:
    text = '<ir_version: 4, opset_import: ["" : 9]> ' + TEXT % ("[1]", "p = Max(x, a) y = Min(p, b)")
    made = fires("min-max-to-clip", model(text, constants={"a": [-1], "b": 1}), tolerance=0)
    assert types(made) == ["Clip"]


def test_one_between_that_others_read_gives_two() -> None:
    text = (TEXT % ("", "p = Max(x, a) y = Min(p, b)")).replace("=> (", "=> (float[N,4,3] p, ")
    made = fires("min-max-to-clip", model(text, constants={"a": -1, "b": 2}), sites=2, tolerance=0)
    assert types(made) == ["Clip", "Clip"]


@pytest.mark.parametrize(
    ("text", "constants", "why"),
    [
        (TEXT % ("[3]", "y = Min(x, a)"), {"a": [1, 2, 3]}, "not one number"),
        (TEXT % ("[1,1,1,1]", "y = Min(x, a)"), {"a": [[[[1]]]]}, "widen"),
        (TEXT % ("", "y = Min(x, a)"), {}, ""),
        ("g (int64[N] x, int64 a) => (int64[N] y) { y = Min(x, a) }", {"a": 3}, ""),
        ("g (float[N] x, float[N] z, float a) => (float[N] y) { y = Max(x, z, a) }", {"a": 3}, ""),
    ],
)
def test_others_stay(text: str, constants: dict[str, object], why: str) -> None:
    if "[1,1,1,1]" in text:
        text = text.replace("(float[N,4,3] y)", "(float[1,N,4,3] y)")
    reason = refuses("min-max-to-clip", model(text, constants=constants))
    assert why in reason
    assert bool(why) == bool(reason)


def test_bounds_that_cross_stay_two() -> None:
    text = TEXT % ("", "p = Max(x, a) y = Min(p, b)")
    assert "cross" in refuses("min-max-to-clip", model(text, constants={"a": 2, "b": 1}))


def test_a_real_model() -> None:
    source = onnx.load(SAMPLES / "magika_v3_3.onnx")
    found, made = swept("min-max-to-clip", source)
    assert len(found.sites) == 3
    assert [types(m).count("Max") for m in (source, made)] == [3, 0]


def test_an_infinite_bound_is_none() -> None:
    text = "g (float[4] x, float a) => (float[4] y) { h = Neg(x) p = Max(h, a) y = Exp(p) }"
    assert types(fires("min-max-to-clip", model(text, constants={"a": float("-inf")}))) == ["Neg", "Exp"]
