import pytest

from tests.surgery.harness import fires, model, refuses, types

ID = "merge-pointwise-convs"


def given(ends: tuple[int, int, int], group: int = 1, biases: str = "vw", strides: tuple[int, int] = (1, 1)) -> str:
    a, m, o = ends
    v, w = ("(x, v, p)" if "v" in biases else "(x, v)"), ("(c, w, q)" if "w" in biases else "(c, w)")
    s, t = strides
    return f"""g (float[N,{a},H,9] x, float[{m},{a // group},1,1] v, float[{m}] p, float[{o},{m // group},1,1] w,
        float[{o}] q) => (float[N,{o},?,?] y) {{
        c = Conv<group={group}, strides=[{s},{s}]>{v}
        y = Conv<group={group}, strides=[{t},{t}], kernel_shape=[1,1]>{w}
    }}"""


WEIGHTS = ["v", "w", "p", "q"]


@pytest.mark.parametrize("ends", [(4, 8, 6), (4, 4, 16), (16, 8, 8)])
@pytest.mark.parametrize("biases", ["", "v", "w", "vw"])
def test_two_matrices_become_one(ends: tuple[int, int, int], biases: str) -> None:
    made = fires(ID, model(given(ends, biases=biases), WEIGHTS))
    assert types(made) == ["Conv"]
    assert len(made.graph.node[0].input) == (3 if biases else 2)


def test_groups_and_strides() -> None:
    assert types(fires(ID, model(given((4, 8, 6), 2, strides=(2, 3)), WEIGHTS))) == ["Conv"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (given((16, 4, 16)), "256 weights, the two have 128"),
        (given((4, 8, 6)).replace("y = Conv", "z = Relu(c) y = Conv"), "reads what is between"),
        (
            given((4, 4, 4)).replace("y = Conv<group=1", "y = Conv<group=4").replace("[4,4,1,1] w", "[4,1,1,1] w"),
            "",
        ),
        (given((4, 8, 6)).replace("y = Conv<", "y = Conv<pads=[1,1,1,1], "), ""),
        (given((4, 8, 6)).replace("(c, w", "(r, w").replace("y = Conv", "r = Relu(c) y = Conv"), ""),
    ],
)
def test_what_stays(text: str, why: str) -> None:
    found = refuses(ID, model(text, WEIGHTS))
    assert why in found if why else found == ""
