import numpy as np
import onnx
import pytest

from tests.surgery.harness import fires, model, refuses, swept, types

LOW = [-np.inf, -1e9, -3.4e38]
CAUSAL = np.triu(np.ones((5, 5)), 1)


def lowest(made: onnx.ModelProto) -> float:
    read = {v for n in made.graph.node for v in n.input}
    tensors = [onnx.numpy_helper.to_array(t) for t in made.graph.initializer if t.name in read]
    return min(float(t.min()) for t in tensors if t.dtype.kind == "f" and t.size)


@pytest.mark.parametrize("low", LOW)
@pytest.mark.parametrize("shape", ["2,5,5", "B,5,5", "1,2,5,5"])
def test_a_constant_mask(low: float, shape: str) -> None:
    text = f"""g (float[{shape}] x, float[5,5] m) => (float[{shape}] y) {{
        t = Add(m, x)
        y = Softmax(t)
    }}"""
    made = fires("finite-mask", model(text, constants={"m": np.where(CAUSAL, low, 0)}))
    assert types(made) == ["Add", "Softmax"]
    assert lowest(made) == -1e4


@pytest.mark.parametrize("low", LOW)
@pytest.mark.parametrize("where", ["c, low, x", "d, x, low"])
def test_a_where_of_the_scores(low: float, where: str) -> None:
    text = f"""g (bool[2,4,64] c, float[2,4,64] x, float low) => (float[2,4,64] y) {{
        d = Not(c)
        t = Where({where})
        y = Softmax(t)
    }}"""
    made = fires("finite-mask", model(text, constants={"low": low}))
    assert types(made) == ["Not", "Where", "Softmax"]
    assert lowest(made) == -1e4


@pytest.mark.parametrize("mask", ["w = Where(c, zero, low)", "f = Cast<to=1>(c) r = Sub(one, f) w = Mul(r, low)"])
def test_one_mask_of_several_layers(mask: str) -> None:
    text = f"""g (bool[2,64] c, float[2,3,4,64] x, float low, float zero, float one, int64[2] axes)
    => (float[2,3,4,64] y, float[2,3,4,64] z) {{
        {mask}
        u = Unsqueeze(w, axes)
        s = Add(x, u)
        y = Softmax(s)
        t = Add(u, y)
        z = Softmax(t)
    }}"""
    low = -np.inf if "Where" in mask else -3.4e38
    made = fires("finite-mask", model(text, constants={"low": low, "zero": 0, "one": 1, "axes": [1, 2]}))
    assert types(made)[-5:] == ["Unsqueeze", "Add", "Softmax", "Add", "Softmax"]
    assert lowest(made) == -1e4


def test_float16() -> None:
    text = """g (bool[2,4,64] c, float16[2,4,64] x, float16[1] low) => (float16[2,4,64] y) {
        t = Where(c, low, x)
        y = Softmax(t)
    }"""
    made = fires("finite-mask", model(text, constants={"low": [-65504]}), tolerance=2e-3)
    assert lowest(made) == -1e4


def test_a_row_masked_altogether_is_a_number() -> None:
    text = """g (bool[N,2] c, float[N,2] x, float low) => (float[N,2] y) {
        t = Where(c, low, x)
        y = Softmax(t)
    }"""
    found, made = swept("finite-mask", model(text, constants={"low": -np.inf}))
    assert len(found.sites) == 1
    assert lowest(made) == -1e4


def test_what_something_else_reads_stays() -> None:
    text = """g (bool[2,64] c, float[2,64] x, float low) => (float[2,64] y%s) {
        t = Where(c, low, x)
        y = Softmax(t)
        z = %s(t)
    }"""
    source = model(text % (", float[2,64] z", "Exp"), constants={"low": -np.inf})
    assert "a Exp reads what is masked" in refuses("finite-mask", source)
    source = model(text % (", float[2,64] t", "Softmax"), constants={"low": -np.inf})
    assert "hands out" in refuses("finite-mask", source)


@pytest.mark.parametrize("low", [-40000.0, -1e4, 0.0])
def test_a_mask_in_range_is_no_business(low: float) -> None:
    text = "g (float[2,5,5] x, float[5,5] m) => (float[2,5,5] y) { t = Add(x, m) y = Softmax(t) }"
    assert refuses("finite-mask", model(text, constants={"m": np.where(CAUSAL, low, 0)})) == ""


def test_scores_multiplied_by_a_large_number_are_no_mask() -> None:
    text = "g (float[2,64] x, float low) => (float[2,64] y) { t = Mul(x, low) y = Softmax(t) }"
    assert refuses("finite-mask", model(text, constants={"low": -1e9})) == ""
