from pathlib import Path

import pytest

from edgeplan import analyze
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"


def conv(x: str, w: str, attrs: str, channels: int = 8) -> str:
    rest = ",".join("?" * (x.count(",") - 1))
    inputs = f"float[{x}] x, float[{w}] w, float[{channels}] b"
    return f"g ({inputs}) => (float[?,{channels},{rest}] y) {{ y = Conv<{attrs}>(x, w, b) }}"


@pytest.mark.parametrize(
    ("x", "w", "attrs", "made"),
    [
        ("1,4,8,12", "8,4,3,3", "dilations=[2,2], pads=[2,2,2,2]", []),
        ("N,4,8,12", "8,4,3,3", "dilations=[4,4], pads=[4,4,4,4]", []),
        ("2,8,9,9", "8,1,3,3", "dilations=[3,3], group=8, pads=[3,3,3,3]", []),
        ("2,4,7,9", "8,4,3,3", "dilations=[2,2], pads=[2,2,2,2]", ["Pad", "Slice"]),
        ("1,4,9,9", "8,4,3,3", "dilations=[2,2]", ["Pad", "Slice"]),
    ],
)
def test_equal_dilations_take_space_to_depth(x: str, w: str, attrs: str, made: list[str]) -> None:
    found = types(fires("dilation-to-batch", model(conv(x, w, attrs), ["w", "b"])))
    assert [t for t in found if t not in made] == ["SpaceToDepth", "Reshape", "Conv", "Reshape", "DepthToSpace"]


@pytest.mark.parametrize(
    ("x", "w", "attrs"),
    [
        ("N,4,8,12", "8,4,3,3", "dilations=[2,3], pads=[2,3,2,3]"),
        ("N,4,8,12", "8,4,3,3", "dilations=[1,3], strides=[2,1], pads=[1,3,1,3]"),
        ("2,4,11", "8,4,3", "dilations=[4], pads=[4,4]"),
        ("1,4,5,6,7", "8,4,3,1,2", "dilations=[2,1,3], pads=[2,0,3,2,0,0]"),
    ],
)
def test_other_dilations_take_transposes_of_rank_5_at_most(x: str, w: str, attrs: str) -> None:
    made = fires("dilation-to-batch", model(conv(x, w, attrs), ["w", "b"]))
    assert "SpaceToDepth" not in types(made)
    orders = [a.ints for n in made.graph.node if n.op_type == "Transpose" for a in n.attribute]
    assert orders
    assert all(len(order) <= 5 for order in orders)


def test_weights_may_be_made_at_run_time() -> None:
    text = conv("1,4,8,12", "8,4,3,3", "dilations=[2,2], pads=[2,2,2,2]")
    fires("dilation-to-batch", model(text))


@pytest.mark.parametrize(
    ("x", "attrs", "why"),
    [
        ("1,4,H,12", "dilations=[2,2]", "not known"),
        ("1,4,8,12", "dilations=[2,2], strides=[2,2]", "stride"),
        ("1,4,9,9", "dilations=[30,30], pads=[30,30,30,30]", "padding"),
        ("1,4,9,9", "dilations=[1,1]", ""),
    ],
)
def test_refusals_say_why(x: str, attrs: str, why: str) -> None:
    reason = refuses("dilation-to-batch", model(conv(x, "8,4,3,3", attrs), ["w", "b"]))
    assert why in reason
    assert bool(why) == bool(reason)


def test_the_neural_engine_of_the_a13_takes_it_afterwards() -> None:
    source = model(conv("1,64,32,32", "64,64,3,3", "dilations=[2,2], pads=[2,2,2,2]", 64), ["w", "b"])
    _, made = swept("dilation-to-batch", source)
    rows = [{f.row.rsplit("/")[-1] for f in analyze(m, "iphone11").findings} for m in (source, made)]
    assert "conv-dilated-before-h13" in rows[0]
    assert "conv-dilated-before-h13" not in rows[1]


def test_the_dilated_convolution_of_a_line_detector() -> None:
    draft = Draft.open(SAMPLES / "mlsd_tiny_320.onnx")
    found = sweep(draft, [rewrite("dilation-to-batch")], Ledger())
    assert len(found.sites) == 1
