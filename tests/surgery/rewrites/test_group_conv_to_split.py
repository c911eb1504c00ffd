import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[N,8,H,9] x, float[%s] w, float[%d] b) => (float[N,%d,?,?] y) { y = %s(x, w, b) }"


@pytest.mark.parametrize("opset", [11, 13, 18])
@pytest.mark.parametrize(
    ("w", "outputs", "op"),
    [
        ("6,4,3,3", 6, "Conv<group=2, pads=[1,1,1,1]>"),
        ("4,2,3,3", 4, "Conv<group=4, strides=[2,1], pads=[1,0,1,0]>"),
        ("8,3,3,3", 6, "ConvTranspose<group=2, strides=[2,2]>"),
    ],
)
def test_each_group_is_a_convolution(opset: int, w: str, outputs: int, op: str) -> None:
    source = model(TEXT % (w, outputs, outputs, op), ["w", "b"])
    source.opset_import[0].version = opset
    found = types(fires("group-conv-to-split", source))
    groups = 4 if "group=4" in op else 2
    assert found == ["Split", *[op.split("<")[0]] * groups, "Concat"]


@pytest.mark.parametrize(("w", "op"), [("8,1,3,3", "Conv<group=8>"), ("8,8,3,3", "Conv")])
def test_depthwise_and_whole_convolutions_are_not_meant(w: str, op: str) -> None:
    assert refuses("group-conv-to-split", model(TEXT % (w, 8, 8, op), ["w", "b"])) == ""


def test_many_groups_stay() -> None:
    text = (TEXT % ("80,2,3,3", 80, 80, "Conv<group=40>")).replace("N,8,H", "N,80,H")
    assert "40 convolutions" in refuses("group-conv-to-split", model(text, ["w", "b"]))


def test_weights_made_at_run_time_stay() -> None:
    source = model(TEXT % ("6,4,3,3", 6, 6, "Conv<group=2>"), ["b"])
    assert "not constant" in refuses("group-conv-to-split", source)
