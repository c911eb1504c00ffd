import pytest

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
    assert [line.split()[0] if line.startswith("random") else line for line in mil(text)] == expected


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
