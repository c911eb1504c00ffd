"""Attention written out."""

import pytest

CASES = {
    "heads apart": (
        (
            "23: g (float[1,4,6,8] q, float[1,4,6,8] k, float[1,4,6,8] v) => (float[1,4,6,8] y) { y = Attention "
            "(q, k, v) }"
        ),
        [
            "mul x:1x4x6x8 y:scalar -> float32[1x4x6x8]",
            "matmul x:1x4x6x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x6x6]",
            "softmax x:1x4x6x6 axis=3 -> float32[1x4x6x6]",
            "matmul x:1x4x6x6 y:1x4x6x8 transpose_x=False transpose_y=False -> float32[1x4x6x8]",
        ],
    ),
    "heads together with a mask of booleans": (
        (
            "23: g (float[1,6,32] q, float[1,6,32] k, float[1,6,32] v, bool[6,6] m) => (float[1,6,32] y) { y = "
            "Attention <q_num_heads = 4, kv_num_heads = 4> (q, k, v, m) }"
        ),
        [
            "reshape x:1x6x32 shape=(1,6,4,8) -> float32[1x6x4x8]",
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "reshape x:1x6x32 shape=(1,6,4,8) -> float32[1x6x4x8]",
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "reshape x:1x6x32 shape=(1,6,4,8) -> float32[1x6x4x8]",
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "cast x:6x6 dtype=fp32 -> float32[6x6]",
            "sub x:scalar y:6x6 -> float32[6x6]",
            "mul x:6x6 y:scalar -> float32[6x6]",
            "mul x:1x4x6x8 y:scalar -> float32[1x4x6x8]",
            "matmul x:1x4x6x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x6x6]",
            "add x:1x4x6x6 y:6x6 -> float32[1x4x6x6]",
            "softmax x:1x4x6x6 axis=3 -> float32[1x4x6x6]",
            "matmul x:1x4x6x6 y:1x4x6x8 transpose_x=False transpose_y=False -> float32[1x4x6x8]",
            "transpose x:1x4x6x8 perm=(0,2,1,3) -> float32[1x6x4x8]",
            "reshape x:1x6x4x8 shape=(1,6,32) -> float32[1x6x32]",
        ],
    ),
    "causal": (
        (
            "23: g (float[1,4,6,8] q, float[1,4,6,8] k, float[1,4,6,8] v) => (float[1,4,6,8] y) { y = Attention "
            "<is_causal = 1> (q, k, v) }"
        ),
        [
            "mul x:1x4x6x8 y:scalar -> float32[1x4x6x8]",
            "matmul x:1x4x6x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x6x6]",
            "add x:1x4x6x6 y:6x6 -> float32[1x4x6x6]",
            "softmax x:1x4x6x6 axis=3 -> float32[1x4x6x6]",
            "matmul x:1x4x6x6 y:1x4x6x8 transpose_x=False transpose_y=False -> float32[1x4x6x8]",
        ],
    ),
    "grouped heads": (
        (
            "23: g (float[1,4,6,8] q, float[1,2,6,8] k, float[1,2,6,8] v) => (float[1,4,6,8] y) { y = Attention (q, "
            "k, v) }"
        ),
        [
            "expand_dims x:1x2x6x8 axes=(2,) -> float32[1x2x1x6x8]",
            "tile x:1x2x1x6x8 reps=(1,1,2,1,1) -> float32[1x2x2x6x8]",
            "reshape x:1x2x2x6x8 shape=(1,4,6,8) -> float32[1x4x6x8]",
            "expand_dims x:1x2x6x8 axes=(2,) -> float32[1x2x1x6x8]",
            "tile x:1x2x1x6x8 reps=(1,1,2,1,1) -> float32[1x2x2x6x8]",
            "reshape x:1x2x2x6x8 shape=(1,4,6,8) -> float32[1x4x6x8]",
            "mul x:1x4x6x8 y:scalar -> float32[1x4x6x8]",
            "matmul x:1x4x6x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x6x6]",
            "softmax x:1x4x6x6 axis=3 -> float32[1x4x6x6]",
            "matmul x:1x4x6x6 y:1x4x6x8 transpose_x=False transpose_y=False -> float32[1x4x6x8]",
        ],
    ),
    "heads in groups of no whole number have no lowering": (
        (
            "23: g (float[1,4,6,8] q, float[1,3,6,8] k, float[1,3,6,8] v) => (float[1,4,6,8] y) { y = Attention (q, "
            "k, v) }"
        ),
        ["onnx.Attention Q:1x4x6x8 K:1x3x6x8 V:1x3x6x8 -> float32[1x4x6x8]"],
    ),
    "causal with a mask": (
        (
            "23: g (float[1,4,6,8] q, float[1,4,6,8] k, float[1,4,6,8] v, float[6,6] m) => (float[1,4,6,8] y) { y = "
            "Attention <is_causal = 1> (q, k, v, m) }"
        ),
        [
            "add x:6x6 y:6x6 -> float32[6x6]",
            "mul x:1x4x6x8 y:scalar -> float32[1x4x6x8]",
            "matmul x:1x4x6x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x6x6]",
            "add x:1x4x6x6 y:6x6 -> float32[1x4x6x6]",
            "softmax x:1x4x6x6 axis=3 -> float32[1x4x6x6]",
            "matmul x:1x4x6x6 y:1x4x6x8 transpose_x=False transpose_y=False -> float32[1x4x6x8]",
        ],
    ),
    "onnxruntime's": (
        (
            "g (float[1,6,32] x) => (float[1,6,32] y) <int64[2] s = {32,96}, int64[1] t = {96}> { w = "
            "ConstantOfShape (s) c = ConstantOfShape (t) y = com.microsoft.Attention <num_heads = 4> (x, w, c) }"
        ),
        [
            "linear x:1x6x32 weight:96x32 bias:96 -> float32[1x6x96]",
            "split x:1x6x96 num_splits=3 axis=2 -> float32[1x6x32], float32[1x6x32], float32[1x6x32]",
            "reshape x:1x6x32 shape=(1,6,4,8) -> float32[1x6x4x8]",
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "reshape x:1x6x32 shape=(1,6,4,8) -> float32[1x6x4x8]",
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "reshape x:1x6x32 shape=(1,6,4,8) -> float32[1x6x4x8]",
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "mul x:1x4x6x8 y:scalar -> float32[1x4x6x8]",
            "matmul x:1x4x6x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x6x6]",
            "softmax x:1x4x6x6 axis=3 -> float32[1x4x6x6]",
            "matmul x:1x4x6x6 y:1x4x6x8 transpose_x=False transpose_y=False -> float32[1x4x6x8]",
            "transpose x:1x4x6x8 perm=(0,2,1,3) -> float32[1x6x4x8]",
            "reshape x:1x6x4x8 shape=(1,6,32) -> float32[1x6x32]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected


def test_one_op_from_ios_18(graph_of) -> None:
    text = (
        "23: g (float[1,4,6,8] q, float[1,4,6,8] k, float[1,4,6,8] v) => (float[1,4,6,8] y) { y = Attention (q, k, v) }"
    )
    (op,) = graph_of(text, release="iOS 18").ops
    assert (op.type, op.ports) == ("scaled_dot_product_attention", ("query", "key", "value"))


def test_the_keys_are_turned_once(graph_of) -> None:
    text = """g (float[1,2,5,8] q, float[1,6,2,8] k, float[1,2,6,8] v) => (float[1,2,5,8] y) <float s = {0.5946036}> {
        a = Mul (q, s) u = Transpose <perm = [0,2,3,1]> (k) b = Mul (u, s) c = MatMul (a, b) p = Softmax (c)
        y = MatMul (p, v) }"""
    turn, op = graph_of(text, release="iOS 18").ops
    assert (turn.type, turn.attrs["perm"]) == ("transpose", (0, 2, 1, 3))
    assert op.inputs[1] == turn.outputs[0]
