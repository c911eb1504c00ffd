"""Attention and its contrib forms."""

import pytest

CASES = {
    "of four axes, masked": (
        (
            "23: g (float[1,2,3,8] q, float[1,2,5,8] k, float[1,2,5,8] v, bool[3,5] m) => (float[1,2,3,8] y) { y = "
            "Attention (q, k, v, m) }"
        ),
        [
            "BATCH_MATMUL x:1x2x3x8 y:1x2x5x8 adj_x=False adj_y=True -> float32[1x2x3x5]",
            "MUL lhs:1x2x3x5 rhs:0.353553 -> float32[1x2x3x5]",
            "SELECT_V2 condition:3x5 x:1x2x3x5 y:-3.40282e+38 -> float32[1x2x3x5]",
            "SOFTMAX input:1x2x3x5 beta=1.0 -> float32[1x2x3x5]",
            "BATCH_MATMUL x:1x2x3x5 y:1x2x5x8 adj_x=False adj_y=False -> float32[1x2x3x8]",
        ],
    ),
    "of three axes, grouped and causal": (
        (
            "23: g (float[1,3,32] q, float[1,3,16] k, float[1,3,16] v) => (float[1,3,32] y) { y = Attention "
            "<q_num_heads = 4, kv_num_heads = 2, is_causal = 1> (q, k, v) }"
        ),
        [
            "RESHAPE input:1x3x32 shape:(1,3,4,8) -> float32[1x3x4x8]",
            "TRANSPOSE input:1x3x4x8 perm:(0,2,1,3) -> float32[1x4x3x8]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "RESHAPE input:1x2x3x8 shape:(1,2,1,3,8) -> float32[1x2x1x3x8]",
            "BROADCAST_TO input:1x2x1x3x8 shape:(1,2,2,3,8) -> float32[1x2x2x3x8]",
            "RESHAPE input:1x2x2x3x8 shape:(1,4,3,8) -> float32[1x4x3x8]",
            "RESHAPE input:1x2x3x8 shape:(1,2,1,3,8) -> float32[1x2x1x3x8]",
            "BROADCAST_TO input:1x2x1x3x8 shape:(1,2,2,3,8) -> float32[1x2x2x3x8]",
            "RESHAPE input:1x2x2x3x8 shape:(1,4,3,8) -> float32[1x4x3x8]",
            "BATCH_MATMUL x:1x4x3x8 y:1x4x3x8 adj_x=False adj_y=True -> float32[1x4x3x3]",
            "MUL lhs:1x4x3x3 rhs:0.353553 -> float32[1x4x3x3]",
            "SELECT_V2 condition:3x3 x:1x4x3x3 y:-3.40282e+38 -> float32[1x4x3x3]",
            "SOFTMAX input:1x4x3x3 beta=1.0 -> float32[1x4x3x3]",
            "BATCH_MATMUL x:1x4x3x3 y:1x4x3x8 adj_x=False adj_y=False -> float32[1x4x3x8]",
            "TRANSPOSE input:1x4x3x8 perm:(0,2,1,3) -> float32[1x3x4x8]",
            "RESHAPE input:1x3x4x8 shape:(1,3,32) -> float32[1x3x32]",
        ],
    ),
    "with a cache of unknown length": (
        (
            "23: g (float[1,2,1,8] q, float[1,2,1,8] k, float[1,2,1,8] v, float[1,2,P,8] a, float[1,2,P,8] b) => "
            "(float[1,2,1,8] y, float[1,2,Q,8] c, float[1,2,Q,8] d) { y, c, d = Attention <softcap = 5.0> (q, k, v, "
            ", a, b) }"
        ),
        [
            "CONCATENATION values:1x2xPx8 values:1x2x1x8 axis=2 -> float32[1x2x?x8]",
            "CONCATENATION values:1x2xPx8 values:1x2x1x8 axis=2 -> float32[1x2x?x8]",
            "BATCH_MATMUL x:1x2x1x8 y:1x2x?x8 adj_x=False adj_y=True -> float32[1x2x1x?]",
            "MUL lhs:1x2x1x? rhs:0.353553 -> float32[1x2x1x?]",
            "DIV lhs:1x2x1x? rhs:5 -> float32[1x2x1x?]",
            "TANH input:1x2x1x? -> float32[1x2x1x?]",
            "MUL lhs:1x2x1x? rhs:5 -> float32[1x2x1x?]",
            "SOFTMAX input:1x2x1x? beta=1.0 -> float32[1x2x1x?]",
            "BATCH_MATMUL x:1x2x1x? y:1x2x?x8 adj_x=False adj_y=False -> float32[1x2x1x8]",
        ],
    ),
    "multi head": (
        (
            "g (float[B,S,16] q, float[B,T,16] k, float[B,T,16] v) => (float[B,S,16] y) { y = "
            "com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v) }"
        ),
        [
            "SHAPE input:BxSx16 out_type=INT32 -> int32[3]",
            (
                "STRIDED_SLICE input:3 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            (
                "STRIDED_SLICE input:3 begin:(1) end:(2) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            "PACK values:scalar values:scalar values:2 values:8 values_count=4 axis=0 -> int32[4]",
            "RESHAPE input:BxSx16 shape:4 -> float32[BxSx2x8]",
            "TRANSPOSE input:BxSx2x8 perm:(0,2,1,3) -> float32[Bx2xSx8]",
            "SHAPE input:BxTx16 out_type=INT32 -> int32[3]",
            (
                "STRIDED_SLICE input:3 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            (
                "STRIDED_SLICE input:3 begin:(1) end:(2) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            "PACK values:scalar values:scalar values:2 values:8 values_count=4 axis=0 -> int32[4]",
            "RESHAPE input:BxTx16 shape:4 -> float32[BxTx2x8]",
            "TRANSPOSE input:BxTx2x8 perm:(0,2,1,3) -> float32[Bx2xTx8]",
            "SHAPE input:BxTx16 out_type=INT32 -> int32[3]",
            (
                "STRIDED_SLICE input:3 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            (
                "STRIDED_SLICE input:3 begin:(1) end:(2) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            "PACK values:scalar values:scalar values:2 values:8 values_count=4 axis=0 -> int32[4]",
            "RESHAPE input:BxTx16 shape:4 -> float32[BxTx2x8]",
            "TRANSPOSE input:BxTx2x8 perm:(0,2,1,3) -> float32[Bx2xTx8]",
            "BATCH_MATMUL x:Bx2xSx8 y:Bx2xTx8 adj_x=False adj_y=True -> float32[Bx2xSxT]",
            "MUL lhs:Bx2xSxT rhs:0.353553 -> float32[Bx2xSxT]",
            "SOFTMAX input:Bx2xSxT beta=1.0 -> float32[Bx2xSxT]",
            "BATCH_MATMUL x:Bx2xSxT y:Bx2xTx8 adj_x=False adj_y=False -> float32[Bx2xSx8]",
            "TRANSPOSE input:Bx2xSx8 perm:(0,2,1,3) -> float32[BxSx2x8]",
            "SHAPE input:BxSx2x8 out_type=INT32 -> int32[4]",
            (
                "STRIDED_SLICE input:4 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            (
                "STRIDED_SLICE input:4 begin:(1) end:(2) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            "PACK values:scalar values:scalar values:16 values_count=3 axis=0 -> int32[3]",
            "RESHAPE input:BxSx2x8 shape:3 -> float32[BxSx16]",
        ],
    ),
    "multi head with bias and padding": (
        (
            "g (float[1,3,16] q, float[1,5,16] k, float[1,5,16] v, int32[1,5] m) => (float[1,3,16] y) <int64[1] s = "
            "{48}> { b = ConstantOfShape (s) y = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v, b, m) }"
        ),
        [
            "ADD lhs:1x3x16 rhs:16 -> float32[1x3x16]",
            "ADD lhs:1x5x16 rhs:16 -> float32[1x5x16]",
            "ADD lhs:1x5x16 rhs:16 -> float32[1x5x16]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "RESHAPE input:1x5x16 shape:(1,5,2,8) -> float32[1x5x2x8]",
            "TRANSPOSE input:1x5x2x8 perm:(0,2,1,3) -> float32[1x2x5x8]",
            "RESHAPE input:1x5x16 shape:(1,5,2,8) -> float32[1x5x2x8]",
            "TRANSPOSE input:1x5x2x8 perm:(0,2,1,3) -> float32[1x2x5x8]",
            "CAST input:1x5 in_data_type=INT32 out_data_type=FLOAT32 -> float32[1x5]",
            "SUB lhs:1 rhs:1x5 -> float32[1x5]",
            "MUL lhs:1x5 rhs:-3.40282e+38 -> float32[1x5]",
            "RESHAPE input:1x5 shape:(1,1,1,5) -> float32[1x1x1x5]",
            "BATCH_MATMUL x:1x2x3x8 y:1x2x5x8 adj_x=False adj_y=True -> float32[1x2x3x5]",
            "MUL lhs:1x2x3x5 rhs:0.353553 -> float32[1x2x3x5]",
            "ADD lhs:1x2x3x5 rhs:1x1x1x5 -> float32[1x2x3x5]",
            "SOFTMAX input:1x2x3x5 beta=1.0 -> float32[1x2x3x5]",
            "BATCH_MATMUL x:1x2x3x5 y:1x2x5x8 adj_x=False adj_y=False -> float32[1x2x3x8]",
            "TRANSPOSE input:1x2x3x8 perm:(0,2,1,3) -> float32[1x3x2x8]",
            "RESHAPE input:1x3x2x8 shape:(1,3,16) -> float32[1x3x16]",
        ],
    ),
    "packed": (
        (
            "g (float[1,3,16] x) => (float[1,3,16] y) <int64[2] s = {16,48}, int64[1] t = {48}> { w = "
            "ConstantOfShape (s) b = ConstantOfShape (t) y = com.microsoft.Attention <num_heads = 2> (x, w, b) }"
        ),
        [
            "FULLY_CONNECTED input:1x3x16 filter:48x16 bias:48 keep_num_dims=True -> float32[1x3x48]",
            "SPLIT split_dim:(2) value:1x3x48 num_splits=3 -> float32[1x3x16], float32[1x3x16], float32[1x3x16]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "BATCH_MATMUL x:1x2x3x8 y:1x2x3x8 adj_x=False adj_y=True -> float32[1x2x3x3]",
            "MUL lhs:1x2x3x3 rhs:0.353553 -> float32[1x2x3x3]",
            "SOFTMAX input:1x2x3x3 beta=1.0 -> float32[1x2x3x3]",
            "BATCH_MATMUL x:1x2x3x3 y:1x2x3x8 adj_x=False adj_y=False -> float32[1x2x3x8]",
            "TRANSPOSE input:1x2x3x8 perm:(0,2,1,3) -> float32[1x3x2x8]",
            "RESHAPE input:1x3x2x8 shape:(1,3,16) -> float32[1x3x16]",
        ],
    ),
    "grouped queries": (
        (
            "g (float[1,3,32] q, float[1,3,16] k, float[1,3,16] v, float[1,2,7,8] a, float[1,2,7,8] b, int32[1] n, "
            "int32 t) => (float[1,3,32] y, float[1,2,10,8] c, float[1,2,10,8] d) { y, c, d = "
            "com.microsoft.GroupQueryAttention <num_heads = 4, kv_num_heads = 2> (q, k, v, a, b, n, t) }"
        ),
        [
            "RESHAPE input:1x3x32 shape:(1,3,4,8) -> float32[1x3x4x8]",
            "TRANSPOSE input:1x3x4x8 perm:(0,2,1,3) -> float32[1x4x3x8]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "CONCATENATION values:1x2x7x8 values:1x2x3x8 axis=2 -> float32[1x2x10x8]",
            "CONCATENATION values:1x2x7x8 values:1x2x3x8 axis=2 -> float32[1x2x10x8]",
            "RESHAPE input:1x2x10x8 shape:(1,2,1,10,8) -> float32[1x2x1x10x8]",
            "BROADCAST_TO input:1x2x1x10x8 shape:(1,2,2,10,8) -> float32[1x2x2x10x8]",
            "RESHAPE input:1x2x2x10x8 shape:(1,4,10,8) -> float32[1x4x10x8]",
            "RESHAPE input:1x2x10x8 shape:(1,2,1,10,8) -> float32[1x2x1x10x8]",
            "BROADCAST_TO input:1x2x1x10x8 shape:(1,2,2,10,8) -> float32[1x2x2x10x8]",
            "RESHAPE input:1x2x2x10x8 shape:(1,4,10,8) -> float32[1x4x10x8]",
            "BATCH_MATMUL x:1x4x3x8 y:1x4x10x8 adj_x=False adj_y=True -> float32[1x4x3x10]",
            "MUL lhs:1x4x3x10 rhs:0.353553 -> float32[1x4x3x10]",
            "SELECT_V2 condition:3x10 x:1x4x3x10 y:-3.40282e+38 -> float32[1x4x3x10]",
            "SOFTMAX input:1x4x3x10 beta=1.0 -> float32[1x4x3x10]",
            "BATCH_MATMUL x:1x4x3x10 y:1x4x10x8 adj_x=False adj_y=False -> float32[1x4x3x8]",
            "TRANSPOSE input:1x4x3x8 perm:(0,2,1,3) -> float32[1x3x4x8]",
            "RESHAPE input:1x3x4x8 shape:(1,3,32) -> float32[1x3x32]",
        ],
    ),
    "grouped queries with rotation have none": (
        (
            "g (float[1,3,32] q, float[1,3,16] k, float[1,3,16] v) => (float[1,3,32] y) { y = "
            "com.microsoft.GroupQueryAttention <num_heads = 4, kv_num_heads = 2, do_rotary = 1> (q, k, v) }"
        ),
        [
            (
                "com.microsoft.GroupQueryAttention input0:1x3x32 input1:1x3x16 input2:1x3x16 num_heads=4 "
                "kv_num_heads=2 do_rotary=1 -> float32[1x3x32]"
            ),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
