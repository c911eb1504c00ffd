from pathlib import Path

import onnx
import pytest

from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = """<ir_version: 9, opset_import: ["" : %d]> g (%s[%s] x) => (%s[?,?,?,?] y)
<int64[8] p = {%s}> { y = Pad <mode = "%s"> (x, p) }"""
VALUE = """<ir_version: 9, opset_import: ["" : 13]> g (%(t)s[%(s)s] x, %(t)s v) => (%(t)s[?,?,?,?] y)
<int64[8] p = {0,0,1,0,0,0,2,1}> { y = Pad (x, p, v) }"""


@pytest.mark.parametrize(
    ("opset", "given", "pads", "mode", "slices"),
    [
        (13, "2,3,5,6", "0,0,2,1,0,0,1,3", "reflect", 7),
        (13, "N,3,30,12", "0,0,29,9,0,0,12,11", "reflect", 4),
        (11, "N,3,H,6", "0,0,2,1,0,0,1,0", "edge", 4),
        (19, "N,3,5,6", "0,1,2,0,0,0,5,1", "wrap", 4),
    ],
)
@pytest.mark.parametrize("kind", ["float", "float16"])
def test_what_is_added_is_cut_out_of_the_tensor(
    opset: int, given: str, pads: str, mode: str, slices: int, kind: str
) -> None:
    made = fires("pad-to-concat", model(TEXT % (opset, kind, given, kind, pads, mode)))
    found = types(made)
    assert found.count("Slice") == slices
    assert set(found) == {"Slice", "Concat"}


@pytest.mark.parametrize("kind", ["float", "float16"])
def test_a_constant_stands_beside_the_tensor(kind: str) -> None:
    source = model(VALUE % {"t": kind, "s": "2,3,4,5"}, constants={"v": -2.5})
    assert types(fires("pad-to-concat", source)) == ["Concat", "Concat"]


@pytest.mark.parametrize(
    ("given", "pads", "mode", "why"),
    [
        ("2,3,H,6", "0,0,2,1,0,0,1,3", "reflect", "not known to be as long"),
        ("2,3,2,6", "0,0,1,1,0,0,-1,3", "edge", "crops"),
        ("2,3,20,6", "0,0,9,1,0,0,1,3", "edge", "more than 8 rows"),
        ("2,3,2,6", "0,0,1,1,0,0,1,3", "constant", ""),
        ("2,3,2,6", "0,0,0,0,0,0,0,0", "edge", ""),
    ],
)
def test_others_stay(given: str, pads: str, mode: str, why: str) -> None:
    said = refuses("pad-to-concat", model(TEXT % (13, "float", given, "float", pads, mode)))
    assert why in said
    assert bool(said) == bool(why)


def test_a_constant_of_unknown_size() -> None:
    source = model(VALUE % {"t": "float", "s": "N,3,4,5"}, constants={"v": 1.0})
    assert "a size is not known" in refuses("pad-to-concat", source)


def test_basic_pitch() -> None:
    found, made = swept("pad-to-concat", onnx.load(SAMPLES / "basic_pitch.onnx"))
    assert len(found.sites) == 9
    assert "Pad" not in {n.op_type for n in made.graph.node if any(a.s == b"reflect" for a in n.attribute)}
