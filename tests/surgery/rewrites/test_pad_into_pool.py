import numpy as np
import pytest
from onnx import ModelProto

from tests.surgery.harness import fires, model, refuses, types

ID = "pad-into-pool"


def given(
    pool: str, value: float | None = 0.0, pads: list[int] | None = None, before: str = "s = Relu(x)"
) -> ModelProto:
    inputs = ", float v" if value is not None else ""
    text = f"""g (float[N,3,H,9] x, int64[8] pads{inputs}) => (float[N,3,?,?] y) {{
        {before}
        p = Pad(s, pads{", v" if value is not None else ""})
        y = {pool}(p)
    }}"""
    constants = {"pads": pads or [0, 0, 1, 1, 0, 0, 1, 0], **({"v": value} if value is not None else {})}
    return model(text, constants=constants)


AVERAGE = "AveragePool<kernel_shape=[3,3], strides=[2,1]>"
MAXIMUM = "MaxPool<kernel_shape=[3,2], strides=[2,2]>"
ANY = "s = Neg(x)"


@pytest.mark.parametrize("value", [None, 0.0])
@pytest.mark.parametrize("pool", [AVERAGE, AVERAGE.replace(">", ", count_include_pad=1, pads=[1,0,0,1]>")])
def test_zeros_before_an_average(pool: str, value: float | None) -> None:
    made = fires(ID, given(pool, value, before=ANY))
    assert types(made) == ["Neg", "AveragePool"]
    assert {a.name: a.i for a in made.graph.node[1].attribute}["count_include_pad"] == 1


@pytest.mark.parametrize(
    ("value", "before"),
    [
        (-np.inf, ANY),
        (0.0, "s = Relu(x)"),
        (0.0, "s = Sigmoid(x)"),
        (0.0, "z = Constant<value_float=0.0>() s = Clip(x, z)"),
    ],
)
def test_before_a_maximum(value: float, before: str) -> None:
    assert types(fires(ID, given(MAXIMUM, value, before=before)))[-2:] == [
        before.split(" = ")[-1].split("(")[0],
        "MaxPool",
    ]


def test_widths_of_named_axes_and_integers() -> None:
    text = """g (uint8[N,3,H,9] x, int64[4] pads, int64[2] axes) => (uint8[N,3,?,?] y) {
        p = Pad(x, pads, , axes)
        y = MaxPool<kernel_shape=[3,3]>(p)
    }"""
    made = fires(ID, model(text, constants={"pads": [1, 0, 2, 1], "axes": [-1, 2]}))
    assert types(made) == ["MaxPool"]
    assert {a.name: list(a.ints) for a in made.graph.node[0].attribute}["pads"] == [0, 1, 1, 2]


def test_attributes_of_old_opsets() -> None:
    text = """<ir_version: 4, opset_import: ["" : 10]> g (float[N,3,H,9] x) => (float[N,3,?,?] y) {
        p = Pad<pads=[0,0,1,1,0,0,1,1]>(x)
        y = AveragePool<kernel_shape=[2,2]>(p)
    }"""
    assert types(fires(ID, model(text))) == ["AveragePool"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (given(AVERAGE, 1.0), "does not write zeros"),
        (given(AVERAGE.replace(">", ", pads=[1,1,1,1]>")), "leaves its own padding out"),
        (given(AVERAGE.replace(">", ", ceil_mode=1>")), "rounds its size up"),
        (given(AVERAGE, pads=[0, 0, 3, 0, 0, 0, 0, 0]), "as wide as the pooling's window"),
        (given(AVERAGE, pads=[0, 1, 1, 0, 0, -1, 0, 0]), "channel axis"),
        (given(AVERAGE, pads=[0, 0, -1, 0, 0, 0, 1, 0]), "crops"),
        (given(AVERAGE.replace(">", ', auto_pad="SAME_UPPER">')), "by its input's size"),
        (given(MAXIMUM, 0.0, before=ANY), "may be the maximum"),
        (given(MAXIMUM, -1e30, before=ANY), "may be the maximum"),
        (given(MAXIMUM.replace(">", ", dilations=[2,1]>")), "dilated"),
        (given(MAXIMUM, before="s = Relu(x)"), "reads the padded tensor"),
        (given(MAXIMUM, before="s = Relu(x) t = Neg(s)"), "reads what is padded"),
        (given("GlobalMaxPool"), ""),
    ],
)
def test_what_stays(source: ModelProto, why: str) -> None:
    if why == "reads the padded tensor":
        source.graph.output.add(name="p").type.tensor_type.elem_type = 1
    found = refuses(ID, source)
    assert why in found if why else found == ""


def test_a_pad_that_reflects_stays() -> None:
    source = given(AVERAGE)
    source.graph.node[1].attribute.add(name="mode", type=3, s=b"reflect")
    assert "mode is reflect" in refuses(ID, source)


def test_places_of_maxima_stay() -> None:
    source = given(MAXIMUM)
    source.graph.node[-1].output.append("places")
    source.graph.output.add(name="places").type.tensor_type.elem_type = 7
    assert "places of the maxima" in refuses(ID, source)
