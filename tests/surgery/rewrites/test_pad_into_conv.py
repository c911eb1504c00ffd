import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[N,3,H,9] x, float[4,3,3,3] w, int64[8] pads) => (float[N,4,?,?] y) {
    p = Pad<mode="%s">(x, pads)
    y = Conv<pads=[1,0,1,0]>(p, w)
}"""


def test_zeros_become_the_convolutions_own_padding() -> None:
    source = model(TEXT % "constant", ["w"], constants={"pads": [0, 0, 1, 2, 0, 0, 0, 3]})
    made = fires("pad-into-conv", source)
    assert types(made) == ["Conv"]
    assert list(made.graph.node[0].attribute[0].ints) == [2, 2, 1, 3]


@pytest.mark.parametrize(
    ("x", "w", "pads", "attributes"),
    [
        ("N,4,L", "2,4,5", [0, 0, 3, 0, 0, 1], "strides=[2]"),
        ("2,4,7,6", "4,1,3,3", [0, 0, 0, 1, 0, 0, 1, 1], 'group=4, auto_pad="VALID"'),
        ("1,2,4,5,6", "3,2,2,3,1", [0, 0, 1, 0, 2, 0, 0, 0, 1, 0], "dilations=[2,1,1]"),
    ],
)
def test_signals_images_and_volumes(x: str, w: str, pads: list[int], attributes: str) -> None:
    shape = ",".join("?" * (len(pads) // 2))
    text = f"""g (float[{x}] x, float[{w}] w, int64[{len(pads)}] pads) => (float[{shape}] y) {{
        p = Pad(x, pads)
        y = Conv<{attributes}>(p, w)
    }}"""
    assert types(fires("pad-into-conv", model(text, ["w"], constants={"pads": pads}))) == ["Conv"]


@pytest.mark.parametrize(
    ("mode", "pads", "why"),
    [
        ("reflect", [0, 0, 1, 1, 0, 0, 1, 1], "mode is reflect"),
        ("constant", [0, 0, -1, 1, 0, 0, 1, 1], "crops"),
        ("constant", [0, 1, 1, 1, 0, -1, 1, 1], "channel axis"),
    ],
)
def test_other_pads_stay(mode: str, pads: list[int], why: str) -> None:
    assert why in refuses("pad-into-conv", model(TEXT % mode, ["w"], constants={"pads": pads}))


def test_a_padded_tensor_others_read_stays() -> None:
    text = TEXT.replace("=> (", "=> (float[N,3,?,?] p, ") % "constant"
    assert "reads" in refuses("pad-into-conv", model(text, ["w"], constants={"pads": [0, 0, 1, 1, 0, 0, 1, 1]}))
