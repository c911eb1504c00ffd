"""Branches and loops."""

import pytest

CASES = {
    "branch": (
        (
            "g (bool c, float[4] x) => (float[4] y) { y = If (c) <then_branch = t () => (float[4] a) { a = Relu (x) "
            "}, else_branch = e () => (float[4] z) { z = Neg (x) }> }"
        ),
        [
            "IF cond:scalar then_subgraph_index=0 else_subgraph_index=0 -> float32[4]",
            "RELU x:4 -> float32[4]",
            "NEG x:4 -> float32[4]",
        ],
    ),
    "loop": (
        (
            "g (int64 n, bool c, float[4] x) => (float[4] y) { y = Loop (n, c, x) <body = l (int64 i, bool k, "
            "float[4] a) => (bool m, float[4] z) { m = Identity (k) z = Relu (a) }> }"
        ),
        [
            (
                "WHILE inputs:0 inputs:scalar inputs:scalar inputs:4 cond_subgraph_index=0 body_subgraph_index=0 -> "
                "int64[scalar], int64[scalar], bool[scalar], float32[4]"
            ),
            "LESS lhs:scalar rhs:scalar -> bool[scalar]",
            "LOGICAL_AND lhs:scalar rhs:scalar -> bool[scalar]",
            "RELU x:4 -> float32[4]",
            "ADD lhs:scalar rhs:1 -> int64[scalar]",
        ],
    ),
    "what a loop of known length collects": (
        (
            "g (float[4] x) => (float[4] y, float[2,4] s) <int64 n = {2}, bool c = {1}> { y, s = Loop (n, c, x) "
            "<body = l (int64 i, bool k, float[4] a) => (bool m, float[4] z, float[4] w) { m = Identity (k) z = "
            "Relu (a) w = Neg (z) }> }"
        ),
        [
            "RELU x:4 -> float32[4]",
            "NEG x:4 -> float32[4]",
            "RESHAPE input:4 shape:(1,4) -> float32[1x4]",
            "RELU x:4 -> float32[4]",
            "NEG x:4 -> float32[4]",
            "RESHAPE input:4 shape:(1,4) -> float32[1x4]",
            "CONCATENATION values:1x4 values:1x4 axis=0 -> float32[2x4]",
        ],
    ),
    "what a loop collects has none": (
        (
            "g (int64 n, bool c, float[4] x) => (float[4] y, float[N,4] s) { y, s = Loop (n, c, x) <body = l (int64 "
            "i, bool k, float[4] a) => (bool m, float[4] z, float[4] w) { m = Identity (k) z = Relu (a) w = Neg (a) "
            "}> }"
        ),
        [
            "onnx.Loop M:scalar cond:scalar v_initial:4 -> float32[4], float32[?x4]",
            "RELU x:4 -> float32[4]",
            "NEG x:4 -> float32[4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected


@pytest.mark.parametrize("states", [1, 2])
def test_condition_and_body_take_and_return_what_the_loop_does(graph_of, states):
    names = ["a", "b"][:states]
    given, taken = (", ".join(f"float[{4 + i}] {p}{n}" for i, n in enumerate(names)) for p in ("", "in_"))
    made = ", ".join(f"float[{4 + i}] y_{n}" for i, n in enumerate(names))
    steps = " ".join(f"z_{n} = Relu (in_{n})" for n in names)
    graph = graph_of(
        f"g (int64 n, bool c, {given}) => ({made}) {{ {', '.join(f'y_{n}' for n in names)} = Loop (n, c, "
        f"{', '.join(names)}) <body = l (int64 i, bool k, {taken}) => (bool m, "
        f"{made.replace('y_', 'z_')}) {{ m = Identity (k) {steps} }}> }}"
    )
    (op,) = graph.ops
    cond, body = (b.graph for b in op.bodies)

    def kinds(where, names):
        return [(where.values[n].dtype, where.values[n].shape) for n in names]

    carried = kinds(graph, op.inputs)
    assert carried == kinds(graph, op.outputs)
    assert carried == kinds(cond, cond.inputs) == kinds(body, body.inputs) == kinds(body, body.outputs)
    assert body.outputs[1] == body.inputs[1]  # the number of trips is handed on
