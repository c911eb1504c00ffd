from __future__ import annotations

import pytest

from edgeplan.cost.work import Work, work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to

OPSET_23 = '<ir_version: 11, opset_import: ["" : 23]>'


def total(graph: Graph) -> int | None:
    """The MACs of all ops, None when one is not known."""
    each = [work_of(graph, op).macs for op in graph.ops]
    known = [m for m in each if m is not None]
    return sum(known) if len(known) == len(each) else None


def weighted(op: str, x: str, shape: tuple[int, ...], y: str) -> str:
    """An op of `x` and a weight of a shape."""
    weight = f"s = Constant <value_ints = [{', '.join(map(str, shape))}]> () w = ConstantOfShape (s)"
    return f"g (float[{x}] x) => (float[{y}] y) {{ {weight} y = {op} (x, w) }}"


RECURRENT = """g (float[7,2,10] x) => (y) <int64[3] ws = {{{d},{g},10}}, int64[3] rs = {{{d},{g},5}}> {{
    w = ConstantOfShape (ws)
    r = ConstantOfShape (rs)
    y, h = {op} (x, w, r)
}}"""

CONTRACTIONS = [
    pytest.param(weighted("Conv", "1,8,32,32", (16, 8, 3, 3), "1,16,30,30"), 16 * 30 * 30 * 8 * 9, id="conv"),
    pytest.param(
        weighted("Conv <pads = [1,1,1,1], strides = [2,2]>", "2,8,32,32", (16, 8, 3, 3), "2,16,16,16"),
        2 * 16 * 16 * 16 * 8 * 9,
        id="conv-strided",
    ),
    pytest.param(
        weighted("Conv <group = 4>", "1,8,32,32", (16, 2, 3, 3), "1,16,30,30"), 16 * 30 * 30 * 2 * 9, id="conv-grouped"
    ),
    pytest.param(
        weighted("Conv <group = 8>", "1,8,32,32", (8, 1, 3, 3), "1,8,30,30"), 8 * 30 * 30 * 9, id="conv-depthwise"
    ),
    pytest.param(
        weighted("Conv <dilations = [2,2]>", "1,8,32,32", (16, 8, 3, 3), "1,16,28,28"),
        16 * 28 * 28 * 8 * 9,
        id="conv-dilated",
    ),
    pytest.param(weighted("Conv", "1,8,100", (16, 8, 5), "1,16,96"), 16 * 96 * 8 * 5, id="conv-1d"),
    pytest.param(weighted("Conv", "1,4,8,9,10", (6, 4, 3, 3, 3), "1,6,6,7,8"), 6 * 6 * 7 * 8 * 4 * 27, id="conv-3d"),
    pytest.param(
        weighted("ConvTranspose <strides = [2,2]>", "1,8,16,16", (8, 4, 2, 2), "1,4,32,32"),
        8 * 16 * 16 * 4 * 4,
        id="conv-transpose",
    ),
    pytest.param(
        weighted("ConvTranspose <group = 2>", "1,8,16,16", (8, 4, 3, 3), "1,8,18,18"),
        8 * 16 * 16 * 4 * 9,
        id="conv-transpose-grouped",
    ),
    pytest.param(weighted("Gemm", "3,10", (10, 7), "3,7"), 3 * 10 * 7, id="gemm"),
    pytest.param(weighted("Gemm <transA = 1>", "10,3", (10, 7), "3,7"), 3 * 10 * 7, id="gemm-trans-a"),
    pytest.param(weighted("Gemm <transB = 1>", "3,10", (7, 10), "3,7"), 3 * 10 * 7, id="gemm-trans-b"),
    pytest.param(weighted("MatMul", "5,3,10", (10, 7), "5,3,7"), 5 * 3 * 10 * 7, id="matmul-weight"),
    pytest.param(
        "g (float[4,1,8,16] a, float[5,16,32] b) => (float[4,5,8,32] y) { y = MatMul (a, b) }",
        4 * 5 * 8 * 32 * 16,
        id="matmul-broadcast",
    ),
    pytest.param("g (float[16] a, float[16,4] b) => (float[4] y) { y = MatMul (a, b) }", 16 * 4, id="vector-matrix"),
    pytest.param("g (float[4,16] a, float[16] b) => (float[4] y) { y = MatMul (a, b) }", 4 * 16, id="matrix-vector"),
    pytest.param(
        'g (float[2,5,8] a, float[2,6,8] b) => (float[2,5,6] y) { y = Einsum <equation = "bqd,bkd->bqk"> (a, b) }',
        2 * 5 * 6 * 8,
        id="einsum",
    ),
    pytest.param(
        'g (float[3,4] a, float[4,5] b) => (y) { y = Einsum <equation = "ij, jk"> (a, b) }',
        3 * 4 * 5,
        id="einsum-implicit",
    ),
    pytest.param(
        'g (float[2,3] a, float[2,3] b) => (float[2,3] y) { y = Einsum <equation = "ij,ij->ij"> (a, b) }',
        0,
        id="einsum-elementwise",
    ),
    pytest.param(
        'g (float[2,3] a) => (float[3,2] y) { y = Einsum <equation = "ij->ji"> (a) }', 0, id="einsum-permutes"
    ),
    pytest.param(RECURRENT.format(op="LSTM <hidden_size = 5>", d=1, g=20), 7 * 2 * 20 * (10 + 5), id="lstm"),
    pytest.param(
        RECURRENT.format(op='LSTM <hidden_size = 5, direction = "bidirectional">', d=2, g=20),
        7 * 2 * 2 * 20 * (10 + 5),
        id="lstm-both-ways",
    ),
    pytest.param(RECURRENT.format(op="GRU <hidden_size = 5>", d=1, g=15), 7 * 2 * 15 * (10 + 5), id="gru"),
    pytest.param(RECURRENT.format(op="RNN <hidden_size = 5>", d=1, g=5), 7 * 2 * 5 * (10 + 5), id="rnn"),
    pytest.param(
        f"{OPSET_23} g (float[1,4,6,8] q, float[1,4,9,8] k, float[1,4,9,10] v) => (float[1,4,6,10] y) "
        "{ y = Attention (q, k, v) }",
        4 * 6 * 9 * 8 + 4 * 6 * 9 * 10,
        id="attention",
    ),
    pytest.param(
        f"{OPSET_23} g (float[1,6,32] q, float[1,9,32] k, float[1,9,32] v) => (float[1,6,32] y) "
        "{ y = Attention <q_num_heads = 4, kv_num_heads = 4> (q, k, v) }",
        2 * 6 * 9 * 32,
        id="attention-packed",
    ),
    pytest.param("g (float[8] x) => (float[8] y) { y = Exp (x) }", 0, id="elementwise"),
    pytest.param(
        weighted("com.microsoft.FusedConv", "1,8,32,32", (16, 8, 3, 3), "1,16,30,30"),
        16 * 30 * 30 * 8 * 9,
        id="fused-conv",
    ),
    pytest.param(weighted("com.microsoft.FusedGemm", "3,10", (10, 7), "3,7"), 3 * 10 * 7, id="fused-gemm"),
    pytest.param(
        weighted("com.microsoft.FusedMatMul <transA = 1>", "10,3", (10, 7), "3,7"), 3 * 10 * 7, id="fused-matmul"
    ),
    pytest.param(
        weighted("com.microsoft.Attention <num_heads = 4>", "2,6,32", (32, 96), "2,6,32"),
        2 * 6 * 32 * 96 + 2 * 2 * 6 * 6 * 32,
        id="fused-attention",
    ),
    pytest.param(
        "g (float[2,6,32] q, float[2,9,32] k, float[2,9,32] v) => (float[2,6,32] y) "
        "{ y = com.microsoft.MultiHeadAttention <num_heads = 4> (q, k, v) }",
        2 * 2 * 6 * 9 * 32,
        id="fused-heads",
    ),
]


@pytest.mark.parametrize(("text", "macs"), CONTRACTIONS)
def test_macs_are_those_of_the_formula(text: str, macs: int) -> None:
    assert total(lower_to(parse_text(text), "onnx")) == macs


@pytest.mark.parametrize(("text", "macs"), [c for c in CONTRACTIONS if c.id != "einsum-elementwise"])
def test_a_lowering_to_mil_does_the_same_macs(text: str, macs: int) -> None:
    """An elementwise einsum is left out: coremltools makes a matrix product of it."""
    assert total(lower_to(parse_text(text), "mil", "float16")) == macs


@pytest.mark.parametrize(
    "text",
    [
        "g (float[N,8] a, float[8,4] b) => (y) { y = MatMul (a, b) }",
        'g (float[2,N] a, float[2,3] b) => (y) { y = Einsum <equation = "bi,bj->ij"> (a, b) }',
    ],
)
def test_an_unknown_axis_leaves_macs_unknown(text: str) -> None:
    assert total(parse_text(text)) is None


def test_attention_looks_back_at_the_past() -> None:
    text = f"""{OPSET_23}
        g (float[1,4,1,8] q, float[1,4,1,8] k, float[1,4,1,8] v, float[1,4,99,8] past_k, float[1,4,99,8] past_v)
        => (float[1,4,1,8] y, float[1,4,100,8] all_k, float[1,4,100,8] all_v)
        {{ y, all_k, all_v = Attention (q, k, v, , past_k, past_v) }}"""
    assert total(parse_text(text)) == 2 * 4 * 100 * 8


@pytest.mark.parametrize(
    ("op", "macs"),
    [
        ("com.microsoft.Gelu", 0),
        ("com.microsoft.QGemm", None),
        ("com.microsoft.GroupQueryAttention", None),
        ("com.acme.Secret", None),
        ("ai.onnx.ml.Binarizer", 0),
    ],
)
def test_what_an_op_of_another_domain_does_is_known_or_unknown(op: str, macs: int | None) -> None:
    text = f"g (float[1,4] x) => (float[1,4] y) {{ y = {op} (x) }}"
    domains = '<ir_version: 8, opset_import: ["" : 18, "com.microsoft" : 1, "ai.onnx.ml" : 3, "com.acme" : 1]>'
    assert total(parse_text(f"{domains} {text}")) == macs


def test_a_matrix_product_of_packed_weights_is_counted() -> None:
    text = """g (float[3,64] x, uint8[16,2,16] b, float[32] s) => (float[3,16] y) {
        y = com.microsoft.MatMulNBits <K = 64, N = 16, bits = 4, block_size = 32> (x, b, s)
    }"""
    assert total(parse_text(text)) == 3 * 64 * 16


LOOP = """g (bool c, float[4,4] x) => (float[4,4] y) <int64 n = {{{trips}}}> {{
    y = Loop (n, {cond}, x) <
        body = b (int64 i, bool on, float[4,4] s) => (bool go, float[4,4] t) {{ go = Identity (on) t = MatMul (s, s) }}
    >
}}"""


def test_a_loop_does_its_body_as_often_as_it_runs() -> None:
    graph = parse_text(LOOP.format(trips=7, cond=""))
    work = work_of(graph, graph.ops[0])
    assert work.macs == 7 * 4**3
    assert (work.read, work.written) == (7 * 2 * 64, 7 * 64)


def test_a_loop_that_the_data_stop_is_not_counted() -> None:
    graph = parse_text(LOOP.format(trips=7, cond="c"))
    assert work_of(graph, graph.ops[0]).macs is None


def test_an_if_does_its_larger_branch() -> None:
    graph = parse_text(
        """g (bool c, float[4,4] x) => (float[4,4] y) {
            y = If (c) <
                then_branch = t () => (float[4,4] a) { a = MatMul (x, x) },
                else_branch = e () => (float[4,4] b) { p = MatMul (x, x) b = MatMul (p, p) }
            >
        }"""
    )
    assert work_of(graph, graph.ops[0]).macs == 2 * 4**3


@pytest.mark.parametrize("dialect", ["onnx", "mil"])
def test_views_move_nothing(dialect: str) -> None:
    graph = lower_to(
        parse_text("g (float[4,4] x) => (z) <int64[1] s = {16}> { a = Relu (x) y = Reshape (a, s) z = Neg (y) }"),
        dialect,
    )
    moved = [work_of(graph, op).moved for op in graph.ops if op.type.lower() == "reshape"]
    assert moved == [0]


def test_bytes_are_those_of_inputs_and_outputs() -> None:
    graph = parse_text("g (float[4,4] x, float[4] b) => (y) { y = Add (x, b) }")
    work = work_of(graph, graph.ops[0])
    assert work == Work(0, 64 + 16, 64)
    assert work.moved == 144


def test_unknown_bytes_stay_unknown() -> None:
    graph = parse_text("g (float[N] x) => (y) { y = Relu (x) }")
    assert work_of(graph, graph.ops[0]) == Work(0, None, None)
    assert work_of(graph, graph.ops[0]).moved is None
