from __future__ import annotations

from tests.pruning.units import find

IMAGE = "(float[1,3,4,4] x) => (float[1,2,?,?] y)"


def test_joined_channels_stand_one_after_the_other() -> None:
    found = find(
        IMAGE, "a = Conv (x, w) b = Conv (x, v) c = Concat <axis = 1> (a, b, x, a) y = Conv (c, z)",
        w=(3, 3, 1, 1), v=(2, 3, 1, 1), z=(2, 11, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == "abcde...abc"
    assert found.weights("a") == {"w.0": 1, "z.1": 2}
    assert found.weights("b") == {"v.0": 1, "z.1": 1}


def test_what_is_joined_along_another_axis_loses_the_same_channels() -> None:
    found = find(
        IMAGE, "a = Conv (x, w) b = Conv (x, v) c = Concat <axis = -1> (a, b) y = Conv (c, z)",
        w=(4, 3, 1, 1), v=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.weights("a") == {"w.0": 1, "v.0": 1, "z.1": 1}


def test_a_weight_that_is_joined_goes_with_what_reads_it() -> None:
    found = find(
        "(float[1,5,3] x) => (float[1,6,2] y)", "a = MatMul (x, w) c = Concat <axis = 1> (t, a) y = MatMul (c, z)",
        w=(3, 4), t=(1, 1, 4), z=(4, 2),
    )  # fmt: skip
    assert found.weights("a") == {"w.1": 1, "t.2": 1, "z.0": 1}


def test_padding_beside_channels_stays() -> None:
    found = find(
        IMAGE, "p = Constant <value = int64[8] {0,1,0,0,0,2,1,1}> () a = Conv (x, w) c = Pad (a, p) y = Conv (c, z)",
        w=(3, 3, 1, 1), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == ".abc.."
    found = find(
        IMAGE,
        """p = Constant <value = int64[2] {1, 1}> () n = Constant <value = int64[1] {-3}> ()
        a = Conv (x, w) c = Pad <mode = "edge"> (a, p, , n) y = Conv (c, z)""", w=(3, 3, 1, 1), z=(2, 5, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == "it is padded"


def test_heads_whose_channels_are_padded_go_as_a_whole() -> None:
    found = find(
        "(float[2,5,3] x) => (float[2,5,2] y)",
        """s = Constant <value = int64[4] {2,5,3,4}> () p = Constant <value = int64[8] {0,0,0,0,0,0,0,1}> ()
        t = Constant <value = int64[3] {2,5,15}> () a = MatMul (x, w) h = Reshape (a, s) c = Pad (h, p)
        f = Reshape (c, t) y = MatMul (f, z)""", w=(3, 12), z=(15, 2),
    )  # fmt: skip
    assert found.axis("a", 2) == "aaaabbbbcccc"
    assert found.weights("a") == {"w.1": 4, "z.0": 5}


def test_tiles_repeat_channels() -> None:
    found = find(
        IMAGE, "r = Constant <value = int64[4] {1,2,1,2}> () a = Conv (x, w) c = Tile (a, r) y = Conv (c, z)",
        w=(3, 3, 1, 1), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == "abcabc"


def test_an_expanded_tensor_keeps_its_channels_and_is_told_their_new_number() -> None:
    found = find(
        "(float[1,3,1,1] x) => (float[1,2,4,4] y)",
        "s = Constant <value = int64[3] {4,4,4}> () a = Conv (x, w) c = Expand (a, s) y = Conv (c, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == "abcd"
    graph = found.narrowed(a=[0, 2])
    op = next(o for o in graph.ops if o.type == "Expand")
    assert graph.values[op.inputs[1]].data == (2, 4, 4)
    assert graph.values["c"].shape == (1, 2, 4, 4)


def test_an_axis_that_no_memory_holds_is_not_followed() -> None:
    found = find(
        "(float[1,3,1,1] x) => (float[?,?,?,?] y)",
        "t = Constant <value = int64[4] {1, 1000000000000, 1, 1}> () a = Conv (x, w) y = Tile (a, t)", w=(4, 3, 1, 1),
    )  # fmt: skip
    assert found.why() == {"a": "Tile makes an axis that is too long to follow"}
