import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to

W = "<int64[4] s = {4,3,3,3}> { w = ConstantOfShape (s)"

CASES = {
    "an addend of zeros": (
        "g (float[2,3] x) => (float[2,3] y) <float[3] z = {0,0,0}> { a = Add (x, z) y = Relu (a) }",
        ["relu x:2x3 -> float32[2x3]"],
    ),
    "a factor of ones in front": (
        "g (float[2,3] x) => (float[2,3] y) <float o = {1}> { a = Mul (o, x) y = Relu (a) }",
        ["relu x:2x3 -> float32[2x3]"],
    ),
    "zero less x is no copy": (
        "g (float[2] x) => (float[2] y) <float z = {0}> { a = Sub (z, x) y = Relu (a) }",
        ["sub x:scalar y:2 -> float32[2]", "relu x:2 -> float32[2]"],
    ),
    "ones that widen": (
        "g (float[1,3] x) => (float[2,3] y) <float[2,1] o = {1,1}> { a = Mul (x, o) y = Relu (a) }",
        ["mul x:1x3 y:2x1 -> float32[2x3]", "relu x:2x3 -> float32[2x3]"],
    ),
    "a factor of ones that the model returns": (
        "g (float[2,3] x) => (float[2,3] y) <float o = {1}> { y = Mul (o, x) }",
        ["mul x:scalar y:2x3 -> float32[2x3]"],
    ),
    "one value that is not neutral": (
        "g (float[2] x) => (float[2] y) <float[2] z = {0,1}> { a = Add (x, z) y = Relu (a) }",
        ["add x:2 y:2 -> float32[2]", "relu x:2 -> float32[2]"],
    ),
    "a resize to the same size": (
        "g (float[1,3,8,8] x) => (float[1,3,8,8] y) <int64[4] s = {1,3,8,8}> "
        '{ r = Resize <mode = "linear"> (x, , , s) y = Relu (r) }',
        ["relu x:1x3x8x8 -> float32[1x3x8x8]"],
    ),
    "a resize to twice the size": (
        "g (float[1,3,8,8] x) => (float[1,3,16,16] y) <int64[4] s = {1,3,16,16}> "
        '{ r = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> '
        "(x, , , s) y = Relu (r) }",
        [
            "upsample_nearest_neighbor x:1x3x8x8 scale_factor_height=2.0 scale_factor_width=2.0 "
            "-> float32[1x3x16x16]",
            "relu x:1x3x16x16 -> float32[1x3x16x16]",
        ],
    ),
    "a convolution turned negative": (
        f"g (float[1,3,8,8] x) => (float[1,4,6,6] y) {W} c = Conv (x, w) y = Neg (c) }}",
        [
            "conv x:1x3x8x8 weight:4x3x3x3 strides=(1,1) dilations=(1,1) groups=1 pad_type=valid pad=(0,0,0,0) "
            "-> float32[1x4x6x6]"
        ],
    ),
    "a convolution that something else reads": (
        f"g (float[1,3,8,8] x) => (float[1,4,6,6] y, float[1,4,6,6] z) {W} c = Conv (x, w) y = Neg (c) z = Relu (c) }}",
        [
            "conv x:1x3x8x8 weight:4x3x3x3 strides=(1,1) dilations=(1,1) groups=1 pad_type=valid pad=(0,0,0,0) "
            "-> float32[1x4x6x6]",
            "mul x:1x4x6x6 y:scalar -> float32[1x4x6x6]",
            "relu x:1x4x6x6 -> float32[1x4x6x6]",
        ],
    ),
    "an axis taken away and put back": (
        "g (float[2,1,3] x) => (float[2,1,3] y) <int64[1] a = {1}> "
        "{ s = Squeeze (x, a) e = Unsqueeze (s, a) y = Relu (e) }",
        ["relu x:2x1x3 -> float32[2x1x3]"],
    ),
    "an axis put back elsewhere": (
        "g (float[2,1,3] x) => (float[1,2,3] y) <int64[1] a = {1}, int64[1] b = {0}> "
        "{ s = Squeeze (x, a) e = Unsqueeze (s, b) y = Relu (e) }",
        [
            "squeeze x:2x1x3 axes=(1,) -> float32[2x3]",
            "expand_dims x:2x3 axes=(0,) -> float32[1x2x3]",
            "relu x:1x2x3 -> float32[1x2x3]",
        ],
    ),
    "a mean in two steps": (
        "g (float[2,4] x) => (float[2,1] y) <int64[1] a = {1}, float n = {4}> { s = ReduceSum (x, a) y = Div (s, n) }",
        ["reduce_mean x:2x4 axes=(1,) keep_dims=True -> float32[2x1]"],
    ),
    "a sum divided by another number": (
        "g (float[2,4] x) => (float[2,1] y) <int64[1] a = {1}, float n = {5}> { s = ReduceSum (x, a) y = Div (s, n) }",
        ["reduce_sum x:2x4 axes=(1,) keep_dims=True -> float32[2x1]", "mul x:2x1 y:scalar -> float32[2x1]"],
    ),
    "a shuffle of channels": (
        "g (float[1,3,4,4] a, float[1,3,4,4] b) => (float[1,6,4,4] y) "
        "<int64[5] s = {1,2,3,4,4}, int64[4] t = {1,-1,4,4}> "
        "{ c = Concat <axis = 1> (a, b) r = Reshape (c, s) p = Transpose <perm = [0,2,1,3,4]> (r) "
        "z = Reshape (p, t) y = Relu (z) }",
        [
            "concat values:1x3x4x4 values:1x3x4x4 axis=1 interleave=True -> float32[1x6x4x4]",
            "relu x:1x6x4x4 -> float32[1x6x4x4]",
        ],
    ),
    "a shuffle of groups that are not the parts": (
        "g (float[1,3,4,4] a, float[1,3,4,4] b) => (float[1,6,4,4] y) "
        "<int64[5] s = {1,3,2,4,4}, int64[4] t = {1,-1,4,4}> "
        "{ c = Concat <axis = 1> (a, b) r = Reshape (c, s) p = Transpose <perm = [0,2,1,3,4]> (r) "
        "z = Reshape (p, t) y = Relu (z) }",
        ["concat", "reshape", "transpose", "reshape", "relu"],
    ),
    "a factor and an addend for each channel": (
        "g (float[1,2,4,4] x) => (float[1,2,4,4] y) <float[1,2,1,1] m = {2,3}, float[2,1,1] b = {4,5}> "
        "{ p = Mul (m, x) y = Add (p, b) }",
        ["batch_norm x:1x2x4x4 mean:2 variance:2 gamma:2 beta:2 -> float32[1x2x4x4]"],
    ),
    "a factor and an addend for each column": (
        "g (float[1,2,4,4] x) => (float[1,2,4,4] y) <float[1,1,1,4] m = {2,3,4,5}, float[2,1,1] b = {4,5}> "
        "{ p = Mul (m, x) y = Add (p, b) }",
        ["mul", "add"],
    ),
    "the square of a root": (
        "g (float[2] x) => (float[2] y) <float t = {2}> { r = Sqrt (x) p = Pow (r, t) y = Relu (p) }",
        ["relu x:2 -> float32[2]"],
    ),
    "the root of a cube": (
        "g (float[2] x) => (float[2] y) <float t = {3}> { p = Pow (x, t) y = Sqrt (p) }",
        ["pow x:2 y:scalar -> float32[2]", "sqrt x:2 -> float32[2]"],
    ),
    "the same twice": (
        "g (float[2] x, float[2] m) => (float[2] y) "
        "{ a = Sub (x, m) b = Sub (x, m) c = Exp (a) d = Exp (b) y = Mul (c, d) }",
        ["sub x:2 y:2 -> float32[2]", "exp x:2 -> float32[2]", "mul x:2 y:2 -> float32[2]"],
    ),
    "the same but for a parameter": (
        "g (float[2,3] x) => (float[2,3] y) "
        "{ a = Softmax <axis = 0> (x) b = Softmax <axis = 1> (x) y = Mul (a, b) }",
        [
            "softmax x:2x3 axis=0 -> float32[2x3]",
            "softmax x:2x3 axis=1 -> float32[2x3]",
            "mul x:2x3 y:2x3 -> float32[2x3]",
        ],
    ),
    "the same noise is not": (
        "g (float[2] x) => (float[2] y) { a = RandomNormalLike (x) b = RandomNormalLike (x) y = Add (a, b) }",
        ["random_normal", "random_normal", "add x:2 y:2 -> float32[2]"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_the_passes_leave(mil, text, expected):
    lines = mil(text)
    assert len(lines) == len(expected)
    assert all(line == wanted or line.split()[0] == wanted for line, wanted in zip(lines, expected, strict=True)), lines


def test_what_does_the_work_of_two_names_both(graph_of):
    graph = graph_of("g (float[2] x) => (float[2] y) { a = Exp (x) b = Exp (x) y = Add (a, b) }")
    assert [len(op.sources) for op in graph.ops] == [2, 1]


def test_a_body_keeps_reading_what_was_merged(graph_of):
    text = (
        "g (float[2] x, bool c) => (float[2] y) { a = Exp (x) b = Exp (x) s = Add (a, b) y = If (c) "
        "<then_branch = t () => (float[2] p) { p = Relu (b) }, else_branch = e () => (float[2] q) { q = Add (a, s) }> }"
    )
    graph = graph_of(text)
    assert [op.type for op in graph.ops] == ["exp", "add", "cond"]
    known = {*graph.inputs, *(o for op in graph.ops for o in op.outputs)}
    assert all(set(body.graph.captured) <= known for op in graph.ops for body in op.bodies)


def test_an_op_names_every_twin_it_stands_for() -> None:
    graph = parse_text(
        "g (float[2] x) => (float[6] y) { a = Relu (x) b = Relu (x) c = Relu (x) y = Concat <axis = 0> (a, b, c) }"
    )
    relu = lower_to(graph, "mil").ops[0]
    assert (relu.type, relu.sources) == ("relu", ("a", "b", "c"))
