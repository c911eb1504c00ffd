import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[N,3,H,9] x) => (float[N,3,H,9] y) {
    a = Transpose<perm=[0,2,3,1]>(x)
    b = Transpose<perm=%s>(a)
    y = Relu(b)
}"""


def test_a_transpose_and_its_inverse_go() -> None:
    assert types(fires("cancel-transposes", model(TEXT % "[0,3,1,2]"))) == ["Relu"]


def test_two_orders_become_one() -> None:
    made = fires("cancel-transposes", model((TEXT % "[0,2,1,3]").replace("[N,3,H,9] y", "[N,9,H,3] y")))
    assert types(made) == ["Transpose", "Relu"]
    assert list(made.graph.node[0].attribute[0].ints) == [0, 3, 2, 1]


def test_a_chain_of_three_goes_step_by_step() -> None:
    text = """g (float16[2,3,4] x) => (float16[4,2,3] y) {
        a = Transpose(x)
        b = Transpose(a)
        y = Transpose<perm=[2,0,1]>(b)
    }"""
    assert types(fires("cancel-transposes", model(text))) == ["Transpose"]


def test_an_order_that_moves_nothing_goes() -> None:
    text = "g (int64[N,3] x) => (int64[N,3] y) { a = Neg(x) b = Transpose<perm=[0,1]>(a) y = Abs(b) }"
    assert types(fires("cancel-transposes", model(text))) == ["Neg", "Abs"]


def test_an_output_keeps_its_name() -> None:
    text = "g (float[N,3] x) => (float[N,3] y) { a = Relu(x) b = Transpose(a) y = Transpose(b) }"
    made = fires("cancel-transposes", model(text))
    assert types(made) == ["Relu"]
    assert made.graph.node[0].output[0] == "y"


def test_an_input_handed_out_is_an_identity() -> None:
    text = "g (float[N,3] x) => (float[N,3] y) { b = Transpose(x) y = Transpose(b) }"
    assert types(fires("cancel-transposes", model(text))) == ["Identity"]


def test_a_tensor_in_between_that_is_handed_out_stays() -> None:
    text = "g (float[N,3] x) => (float[N,3] y, float[3,N] b) { b = Transpose(x) c = Transpose(b) y = Relu(c) }"
    assert types(fires("cancel-transposes", model(text))) == ["Transpose", "Relu"]


@pytest.mark.parametrize("reader", ["z = Relu(a)", "z = Sigmoid(a)"])
def test_a_tensor_others_read_is_not_transposed_twice(reader: str) -> None:
    text = (TEXT % "[0,2,1,3]").replace("9] y", "?] y, float[N,H,9,3] z").replace("y =", reader + "\n    y =")
    assert "something else reads" in refuses("cancel-transposes", model(text.replace("[N,3,H,?]", "[N,9,H,3]")))
