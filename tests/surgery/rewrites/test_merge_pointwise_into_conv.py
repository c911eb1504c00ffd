import pytest

from tests.surgery.harness import fires, model, refuses, types

ID = "merge-pointwise-into-conv"
WEIGHTS = ["v", "w", "p", "q"]


def given(
    first: str, second: str, one: int = 1, two: int = 3, ends: tuple[int, int, int] = (4, 8, 6), group: int = 1
) -> str:
    (a, m, o), size = ends, "H" if "auto_pad" in first else 11
    return f"""g (float[N,{a},{size},9] x, float[{m},{a // group},{one},{one}] v, float[{m}] p,
        float[{o},{m // group},{two},{two}] w, float[{o}] q) => (float[N,{o},?,?] y) {{
        c = Conv<group={group}{first}
        y = Conv<group={group}{second}
    }}"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (">(x, v)", ", pads=[1,1,1,1]>(c, w, q)"),
        (">(x, v)", ', auto_pad="SAME_LOWER", strides=[2,2]>(c, w)'),
        (">(x, v, p)", ", strides=[2,1], dilations=[2,2]>(c, w)"),
        (">(x, v, p)", ">(c, w, q)"),
    ],
)
@pytest.mark.parametrize("group", [1, 2])
def test_forward_into_a_larger_kernel(first: str, second: str, group: int) -> None:
    assert types(fires(ID, model(given(first, second, group=group), WEIGHTS))) == ["Conv"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (", pads=[1,0,1,1]>(x, v, p)", ">(c, w, q)"),
        (", strides=[2,2]>(x, v)", ", strides=[3,1]>(c, w, q)"),
        (', auto_pad="SAME_UPPER">(x, v, p)', ", strides=[2,2]>(c, w)"),
    ],
)
@pytest.mark.parametrize("group", [1, 2])
def test_backwards_into_a_larger_kernel(first: str, second: str, group: int) -> None:
    text = given(first, second, 3, 1, (4, 8, 8), group)
    assert types(fires(ID, model(text, WEIGHTS))) == ["Conv"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (given(">(x, v, p)", ", pads=[1,1,1,1]>(c, w)"), "first one's bias is not added"),
        (given(", strides=[2,2]>(x, v)", ">(c, w)"), "leaves out positions"),
        (given(">(x, v)", ">(c, w)", ends=(8, 2, 8)), "576 weights, the two have 160"),
        (given(">(x, v)", ">(c, w)").replace("y = Conv", "z = Relu(c) y = Conv"), "reads what is between"),
        (given(">(x, v)", ">(c, w)", ends=(4, 8, 8)).replace("1>(c,", "8>(c,").replace("8,8,3", "8,1,3"), ""),
        (given(', auto_pad="SAME_UPPER", strides=[2,2]>(x, v)', ">(c, w)", 3, 1, (4, 8, 8)), "not known"),
        (given(">(x, v)", ">(c, w)", 3, 3), ""),
    ],
)  # fmt: skip
def test_what_stays(text: str, why: str) -> None:
    found = refuses(ID, model(text, WEIGHTS))
    assert why in found if why else found == ""
