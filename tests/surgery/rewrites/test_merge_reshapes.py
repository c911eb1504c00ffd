import pytest

from tests.surgery.harness import fires, model, refuses, types


def test_reshapes_become_the_last_one() -> None:
    text = """g (float[N,512,64] x) => (float[N,8,4096] y) {
        s = Constant<value_ints=[0,8,64,64]>()
        t = Constant<value_ints=[0,8,-1]>()
        a = Reshape(x, s)
        y = Reshape(a, t)
    }"""
    assert types(fires("merge-reshapes", model(text))) == ["Reshape"]


def test_reshapes_back_to_the_start_go() -> None:
    text = """g (float16[N,512,64] x) => (float16[N,512,64] y) {
        s = Constant<value_ints=[0,8,4096]>()
        t = Constant<value_ints=[0,512,64]>()
        r = Relu(x)
        a = Reshape(r, s)
        b = Flatten(a)
        y = Reshape(b, t)
    }"""
    assert types(fires("merge-reshapes", model(text), sites=2)) == ["Relu"]


@pytest.mark.parametrize(("opset", "axes"), [(11, True), (13, False), (21, False)])
def test_unsqueezes_become_one_and_need_no_sizes(opset: int, axes: bool) -> None:
    text = """<ir_version: 8, opset_import: ["" : %d]> g (float[N,M] x) => (float[1,N,1,1,M] y) {
        s = Constant<value=int64[1] {0}>()
        t = Constant<value=int64[1] {2}>()
        u = Constant<value=int64[1] {-2}>()
        a = Unsqueeze(x, s)
        b = Unsqueeze(a, t)
        y = Unsqueeze(b, u)
    }"""
    if axes:
        text = text.replace("(x, s)", "<axes=[0]>(x)").replace("(a, t)", "<axes=[2]>(a)")
        text = text.replace("(b, u)", "<axes=[-2]>(b)")
    assert types(fires("merge-reshapes", model(text % opset), sites=2)) == ["Unsqueeze"]


def test_squeezes_become_one() -> None:
    text = """g (float[N,1,M,1] x) => (float[N,M] y) {
        s = Constant<value_ints=[1]>()
        a = Squeeze(x, s)
        t = Constant<value_ints=[2]>()
        y = Squeeze(a, t)
    }"""
    assert types(fires("merge-reshapes", model(text))) == ["Squeeze"]


def test_shapes_computed_of_the_tensor_are_seen_through() -> None:
    text = """g (float[N,6,M] x) => (float[N,6,M] y) {
        r = Relu(x)
        n = Shape(r)
        t = Constant<value_ints=[0,2,3,-1]>()
        a = Reshape(r, t)
        b = Reshape(a, n)
        y = Relu(b)
    }"""
    assert types(fires("merge-reshapes", model(text))) == ["Relu", "Relu"]


def test_a_size_left_open_before_may_be_left_open_again() -> None:
    text = """g (float[N,8,M,M] x) => (float[N,1,8,U] y) {
        s = Constant<value_ints=[0,8,-1]>()
        a = Reshape(x, s)
        t = Constant<value_ints=[1]>()
        y = Unsqueeze(a, t)
    }"""
    assert types(fires("merge-reshapes", model(text))) == ["Reshape"]


def test_a_tensor_others_read_stays() -> None:
    text = """g (float[N,8,16] x, int64[2] s, int64[4] t) => (float[N,1,8,16] y, float[N,128] z) {
        a = Reshape(x, s)
        z = Relu(a)
        y = Reshape(a, t)
    }"""
    source = model(text, constants={"s": [0, 128], "t": [0, 1, 8, 16]})
    assert "something else reads" in refuses("merge-reshapes", source)


def test_two_free_sizes_that_move_stay() -> None:
    text = """g (float[N,1,M] x, int64[1] s, int64[1] t) => (float[N,M,1] y) {
        a = Squeeze(x, s)
        y = Unsqueeze(a, t)
    }"""
    assert "cannot be said" in refuses("merge-reshapes", model(text, constants={"s": [1], "t": [2]}))


def test_a_tensor_without_elements_keeps_its_shape() -> None:
    text = """g (float[0,6] x) => (float[3,0] y) {
        s = Constant<value_ints=[2,0]>()
        t = Constant<value_ints=[3,0]>()
        a = Reshape<allowzero=1>(x, s)
        y = Reshape<allowzero=1>(a, t)
    }"""
    assert "cannot be said" in refuses("merge-reshapes", model(text))
