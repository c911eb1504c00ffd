import numpy as np
import pytest
from onnx import numpy_helper

from edgeplan.frontends.onnx import parse_model
from tests.surgery.harness import fires, model, refuses, same, swept, types

TEXT = """<ir_version: 10, opset_import: ["" : %d]>
g (%s x, %s s, %s b) => (%s y) { y = GroupNormalization<num_groups = %d, epsilon = 0.001>(x, s, b) }"""
CORE = ["Reshape", "InstanceNormalization", "Reshape"]


def text(opset: int, shape: str, scale: int, groups: int, kind: str = "float") -> str:
    return TEXT % (opset, f"{kind}[{shape}]", f"{kind}[{scale}]", f"{kind}[{scale}]", f"{kind}[{shape}]", groups)


@pytest.mark.parametrize("shape", ["2,12,5,6", "N,12,5,6", "N,12,H,6", "1,12,7", "2,12,2,3,W"])
def test_a_scale_a_channel_stays_behind(shape: str) -> None:
    made = fires("split-groupnorm", model(text(21, shape, 12, 4), ["s", "b"]))
    assert types(made) == [*CORE, "Mul", "Add"]


def test_a_scale_a_group_goes_inside() -> None:
    source = parse_model(text(18, "2,12,5,6", 4, 4))  # a form that was withdrawn: onnx's checker refuses it
    for name in ("s", "b"):
        info = next(i for i in source.graph.input if i.name == name)
        source.graph.input.remove(info)
        source.graph.initializer.append(numpy_helper.from_array(np.arange(1, 5, dtype=np.float32), name))
    found, made = swept("split-groupnorm", source)
    assert len(found.sites) == 1, found
    assert types(made) == CORE
    same(source, made)


def test_channels_of_their_own_need_no_reshape() -> None:
    made = fires("split-groupnorm", model(text(21, "N,12,H,W", 12, 12), ["s", "b"]))
    assert types(made) == ["InstanceNormalization"]


def test_a_computed_scale_is_reshaped() -> None:
    made = fires("split-groupnorm", model(text(21, "2,12,5,6", 12, 4), ["b"]))
    assert sorted(types(made)) == sorted([*CORE, "Mul", "Add", "Reshape"])


@pytest.mark.parametrize(
    ("source", "weights", "why"),
    [
        (text(21, "N,12,H,W", 12, 4), ["s", "b"], "more than one size is open"),
        (text(21, "2,C,5,6", 12, 4), ["s", "b"], "not known to part"),
    ],
)
def test_other_forms_stay(source: str, weights: list[str], why: str) -> None:
    assert why in refuses("split-groupnorm", model(source, weights))
