from pathlib import Path

import onnx
import pytest

from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = """g (float[N,2,3] a, float[N,3,3] b, float[N,1,3] c) => (float[N,?,3] y) {
    p = Concat<axis=%d>(a, b)
    y = Concat<axis=%d>(c, p, c)
}"""


@pytest.mark.parametrize(("first", "second"), [(1, 1), (-2, 1), (1, -2)])
def test_one_concat_joins_all(first: int, second: int) -> None:
    made = fires("merge-concats", model(TEXT % (first, second)))
    assert types(made) == ["Concat"]
    assert list(made.graph.node[0].input) == ["c", "a", "b", "c"]


def test_the_same_part_twice() -> None:
    made = fires("merge-concats", model((TEXT % (1, 1)).replace("(c, p, c)", "(p, c, p)")))
    assert list(made.graph.node[0].input) == ["a", "b", "c", "a", "b"]


def test_a_chain() -> None:
    text = """g (float16[2,N] a, float16[2,N] b) => (float16[2,?] y) {
        p = Concat<axis=1>(a, b) q = Concat<axis=1>(p, a) y = Concat<axis=-1>(q, b)
    }"""
    assert types(fires("merge-concats", model(text), sites=2)) == ["Concat"]


def test_along_another_axis_is_none_of_its_business() -> None:
    text = """g (float[2,3] a, float[2,3] b, float[2,6] c) => (float[4,6] y) {
        p = Concat<axis=1>(a, b) y = Concat<axis=0>(p, c)
    }"""
    assert refuses("merge-concats", model(text)) == ""


def test_what_others_read_stays() -> None:
    assert "reads" in refuses("merge-concats", model((TEXT % (1, 1)).replace("=> (", "=> (float[N,5,3] p, ")))


def test_a_real_model() -> None:
    found, made = swept("merge-concats", onnx.load(SAMPLES / "basic_pitch.onnx"))
    assert len(found.sites) == 7
    assert types(made).count("Concat") == 13
