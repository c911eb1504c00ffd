from __future__ import annotations

import pytest

from tests.pruning.units import find

HEAD = "y = Conv (c, z)"


def test_a_convolution_makes_channels_with_its_bias_and_reads_those_before_it() -> None:
    found = find(
        "(float[1,3,8,8] x) => (float[1,2,8,8] y)", "a = Conv (x, w, b) y = Conv (a, z)",
        w=(4, 3, 1, 1), b=(4,), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.axis("a", 1) == "abcd"
    assert found.weights("a") == {"w.0": 1, "b.0": 1, "z.1": 1}
    assert found.why() == {"y": "an output of the model"}


@pytest.mark.parametrize(
    ("groups", "ins", "outs", "before", "after"),
    [
        (6, 6, 6, "abcdef", "abcdef"),  # each channel by itself
        (6, 6, 12, "abcdef", "aabbccddeeff"),  # each makes two
        (3, 6, 3, "aabbcc", "abc"),  # many groups of few channels go as a whole
        (2, 6, 4, "abcabc", "abab"),  # few groups of many lose the same channels of each
    ],
)
def test_grouped_convolutions(groups: int, ins: int, outs: int, before: str, after: str) -> None:
    found = find(
        "(float[1,3,8,8] x) => (float[1,2,8,8] y)",
        f"b = Conv (x, w) c = Conv <group = {groups}> (b, v) y = Conv (c, z)",
        w=(ins, 3, 1, 1), v=(outs, ins // groups, 1, 1), z=(2, outs, 1, 1),
    )  # fmt: skip
    assert found.axis("b", 1) == before
    assert found.axis("c", 1) == after


@pytest.mark.parametrize(
    ("groups", "ins", "each", "before", "after"),
    [
        (1, 4, 3, "abcd", "abc"),
        (4, 4, 1, "abcd", "abcd"),
        (4, 4, 2, "abcd", "aabbccdd"),
        (2, 6, 2, "abcabc", "abab"),
        (2, 6, 1, "abcabc", ""),  # one output of each group: none can go
    ],
)
def test_transposed_convolutions(groups: int, ins: int, each: int, before: str, after: str) -> None:
    found = find(
        "(float[1,3,8,8] x) => (float[1,2,8,8] y)",
        f"b = Conv (x, w) c = ConvTranspose <group = {groups}> (b, v) y = Conv (c, z)",
        w=(ins, 3, 1, 1), v=(ins, each, 1, 1), z=(2, groups * each, 1, 1),
    )  # fmt: skip
    assert found.axis("b", 1) == before
    assert found.axis("c", 1) == after


def test_a_weight_that_is_computed_stays_with_all_it_meets() -> None:
    found = find(
        "(float[1,3,8,8] x, float[2,4,1,1] k) => (float[1,2,8,8] y)", "a = Conv (x, w) y = Conv (a, k)", w=(4, 3, 1, 1)
    )
    assert found.units() == {}
    assert found.why() == {"a": "the weight of Conv is computed"}


@pytest.mark.parametrize(
    ("attrs", "form"), [("transB = 0", (6, 4)), ("transB = 1", (4, 6))], ids=["as it is", "turned"]
)
@pytest.mark.parametrize("addend", [(4,), (1, 4), (1,), (3, 4), (3, 1)])
def test_gemm(attrs: str, form: tuple[int, ...], addend: tuple[int, ...]) -> None:
    found = find(
        "(float[3,5] x) => (float[3,2] y)", f"a = MatMul (x, w) h = Gemm <{attrs}> (a, v, c) y = MatMul (h, z)",
        w=(5, 6), v=form, c=addend, z=(4, 2),
    )  # fmt: skip
    inner, outer = (0, 1) if form == (6, 4) else (1, 0)
    assert found.axis("h", 1) == "abcd"
    assert found.weights("a") == {"w.1": 1, f"v.{inner}": 1}
    mine = {f"c.{len(addend) - 1}": 1} if addend[-1] == 4 else {}
    assert found.weights("h") == {f"v.{outer}": 1, **mine, "z.0": 1}


def test_gemm_of_a_turned_tensor() -> None:
    found = find(
        "(float[3,5] x) => (float[3,2] y)",
        "a = MatMul (x, w) t = Transpose <perm = [1, 0]> (a) h = Gemm <transA = 1> (t, v) y = MatMul (h, z)",
        w=(5, 6), v=(6, 4), z=(4, 2),
    )  # fmt: skip
    assert found.weights("a") == {"w.1": 1, "v.0": 1}


def test_a_weight_on_the_left_sums_over_rows() -> None:
    found = find(
        "(float[2,3,5] x) => (float[2,4,1] y)", "a = Conv (x, w) h = MatMul (v, a) y = MatMul (h, z)",
        w=(6, 3, 1), v=(4, 6), z=(5, 1),
    )  # fmt: skip
    assert found.weights("a") == {"w.0": 1, "v.1": 1}
    assert found.axis("h", 1) == ""  # an output has them


def test_a_weight_for_every_channel_goes_with_it() -> None:
    found = find(
        "(float[1,3,4,5] x) => (float[1,2,4,2] y)", "a = Conv (x, w) h = MatMul (a, v) y = Conv (h, z)",
        w=(6, 3, 1, 1), v=(6, 5, 2), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.weights("a") == {"w.0": 1, "v.0": 1, "z.1": 1}


def test_what_a_product_of_computed_tensors_sums_over_stays() -> None:
    found = find(
        "(float[1,5,3] x) => (float[1,5,5] y)",
        "a = MatMul (x, w) t = Transpose <perm = [0, 2, 1]> (a) y = MatMul (a, t)", w=(3, 6),
    )  # fmt: skip
    assert found.why() == {"a": "summed over by a product of computed tensors"}


def test_heads_go_as_a_whole() -> None:
    heads = "{0}r = Reshape ({0}, s) {0}h = Transpose <perm = {1}> ({0}r)"
    found = find(
        "(float[1,5,3] x) => (float[1,5,2] y)",
        f"""q = MatMul (x, wq) k = MatMul (x, wk) v = MatMul (x, wv)
        s = Constant <value = int64[4] {{1, 5, 3, 2}}> () f = Constant <value = int64[3] {{1, 5, 6}}> ()
        {heads.format("q", "[0,2,1,3]")} {heads.format("k", "[0,2,3,1]")} {heads.format("v", "[0,2,1,3]")}
        p = MatMul (qh, kh) o = Softmax (p) m = MatMul (o, vh) t = Transpose <perm = [0,2,1,3]> (m)
        l = Reshape (t, f) y = MatMul (l, wo)""",
        wq=(3, 6), wk=(3, 6), wv=(3, 6), wo=(6, 2),
    )  # fmt: skip
    assert found.axis("q", 2) == found.axis("l", 2) == "aabbcc"
    assert found.axis("p", 1) == "abc"
    assert found.weights("q") == {"wq.1": 2, "wk.1": 2, "wv.1": 2, "wo.0": 2}


def test_a_tensor_times_itself() -> None:
    found = find(
        "(float[4,3] x) => (float[4,2] y)", "a = MatMul (v, x) b = MatMul (a, a) y = MatMul (b, z)", v=(3, 4), z=(3, 2)
    )
    assert found.units() == {}
