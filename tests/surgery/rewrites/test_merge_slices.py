import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[N,8,H] x, int64[1] s1, int64[1] e1, int64[1] a1, int64[1] t1,
              int64[1] s2, int64[1] e2, int64[1] a2, int64[1] t2) => (float[?,?,?] y) {
    p = Slice(x, s1, e1, a1, t1)
    y = Slice(p, s2, e2, a2, t2)
}"""
END = 2**63 - 1
Bounds = tuple[int, int, int, int]


def both(first: Bounds, second: Bounds) -> dict[str, list[int]]:
    names = ("s1", "e1", "a1", "t1", "s2", "e2", "a2", "t2")
    return {n: [v] for n, v in zip(names, (*first, *second), strict=True)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((0, 2, 0, 1), (1, 5, 1, 1)),
        ((0, END, 2, 2), (1, -1, 1, 2)),
        ((1, 7, 1, 1), (2, 4, 1, 1)),
        ((1, 7, 1, 2), (1, 3, 1, 1)),
        ((-6, END, 1, 1), (0, -1, 1, 2)),
        ((1, END, 2, 1), (0, 1, 2, 1)),
        ((0, END, 2, 1), (0, -1, -1, 1)),
        ((0, -1, 2, 1), (1, END, 2, 1)),
        ((1, 7, 1, 1), (6, 9, 1, 1)),
        ((6, 1, 1, -1), (3, 0, 1, -1)),
    ],
)
def test_two_cuts_are_one(first: Bounds, second: Bounds) -> None:
    assert types(fires("merge-slices", model(TEXT, constants=both(first, second)))) == ["Slice"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((0, -1, 2, 1), (0, 1, 2, 1)),
        ((-2, END, 2, 1), (0, 1, 2, 1)),
        ((0, END, 2, 2), (0, 1, 2, 1)),
        ((0, END, 1, 1), (5, 1, 1, -1)),
    ],
)
def test_what_depends_on_a_free_size_or_runs_backwards_stays(first: Bounds, second: Bounds) -> None:
    assert "depends on its size" in refuses("merge-slices", model(TEXT, constants=both(first, second)))


def test_three_in_a_row() -> None:
    text = """g (float[4,5,6] x, int64[1] s, int64[1] e, int64[1] a, int64[1] b, int64[1] c) => (float[?,?,?] y) {
        p = Slice(x, s, e, a) q = Slice(p, s, e, b) y = Slice(q, s, e, c)
    }"""
    source = model(text, constants={"s": [1], "e": [3], "a": [0], "b": [1], "c": [2]})
    assert types(fires("merge-slices", source, sites=2)) == ["Slice"]


def test_what_others_read_stays() -> None:
    text = TEXT.replace("=> (", "=> (float[?,?,?] p, ")
    assert "reads" in refuses("merge-slices", model(text, constants=both((0, 2, 0, 1), (1, 5, 1, 1))))


def test_bounds_the_model_computes_stay() -> None:
    constants = both((0, 2, 0, 1), (1, 5, 1, 1))
    del constants["e2"]
    assert "not known" in refuses("merge-slices", model(TEXT, constants=constants))


def test_opset_9() -> None:
    text = """<ir_version: 8, opset_import: ["" : 9]> g (float[N,8,9] x) => (float[?,?,?] y) {
        p = Slice<axes=[1,2], starts=[0,1], ends=[6,8]>(x) y = Slice<axes=[2], starts=[1], ends=[-1]>(p)
    }"""
    assert types(fires("merge-slices", model(text))) == ["Slice"]
