import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[N,8,H,9] x, int64[2] parts, float[6,4,3,3] w1, float[6,4,3,3] w2, float[6] b1, float[6] b2)
        => (float[N,12,?,?] y) {
    x1, x2 = Split<axis=1>(x, parts)
    y1 = Conv<pads=[1,0,1,0]>(x1, w1, b1)
    y2 = Conv<pads=[1,0,1,0]>(x2, w2, b2)
    y = Concat<axis=1>(y1, y2)
}"""


def source(text: str = TEXT, parts: tuple[int, int] = (4, 4), weights: tuple[str, ...] = ("w1", "w2", "b1", "b2")):
    return model(text, weights, constants={"parts": parts})


def test_equal_convolutions_over_all_parts_are_one_with_groups() -> None:
    made = fires("parallel-convs-to-group", source())
    assert types(made) == ["Conv"]
    assert [a.i for a in made.graph.node[0].attribute if a.name == "group"] == [2]


def test_one_without_a_bias_has_a_bias_of_zeros() -> None:
    text = TEXT.replace("(x1, w1, b1)", "(x1, w1)").replace(", float[6] b1", "")
    assert types(fires("parallel-convs-to-group", source(text, weights=("w1", "w2", "b2")))) == ["Conv"]


def test_convolutions_with_groups_have_more_of_them() -> None:
    text = TEXT.replace("6,4,3,3", "6,2,3,3").replace("pads=", "group=2, pads=")
    made = fires("parallel-convs-to-group", source(text))
    assert [a.i for a in made.graph.node[0].attribute if a.name == "group"] == [4]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("(y1, y2)", "(y2, y1)", "order"),
        ("Conv<pads=[1,0,1,0]>(x2", "Conv<pads=[0,0,2,0]>(x2", "differ"),
        ("=> (", "=> (float[N,6,?,?] y1, ", "something else reads"),
        ("(y1, y2)", "(y1, y2, y2)", "order"),
    ],
)
def test_refusals_say_why(old: str, new: str, why: str) -> None:
    text = TEXT.replace(old, new).replace("float[N,12,", "float[N,?,")
    assert why in refuses("parallel-convs-to-group", source(text))


def test_parts_along_another_axis_stay() -> None:
    text = TEXT.replace("Split<axis=1>", "Split<axis=3>").replace("x, int64", "x, int64").replace("8,H,9", "4,H,8")
    assert "channels" in refuses("parallel-convs-to-group", source(text))


def test_weights_made_at_run_time_stay() -> None:
    assert "not constant" in refuses("parallel-convs-to-group", source(weights=("w1", "b1", "b2")))
