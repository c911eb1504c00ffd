"""Scatters."""

import pytest

CASES = {
    "nd": (
        "g (float[2,9] x, int64[3,2] i, float[3] u) => (float[2,9] y) { y = ScatterND (x, i, u) }",
        [
            "CAST input:3x2 in_data_type=INT64 out_data_type=INT32 -> int32[3x2]",
            "ADD lhs:3x2 rhs:(2,9) -> int32[3x2]",
            "FLOOR_MOD lhs:3x2 rhs:(2,9) -> int32[3x2]",
            "LESS lhs:3x2 rhs:0 -> bool[3x2]",
            "SELECT condition:3x2 x:3x2 y:3x2 -> int32[3x2]",
            "SCATTER_ND indices:3x2 updates:3 shape:(2,9) -> float32[2x9]",
            "SUB lhs:1 rhs:2x9 -> float32[2x9]",
            "MUL lhs:2x9 rhs:2x9 -> float32[2x9]",
            "SCATTER_ND indices:3x2 updates:3 shape:(2,9) -> float32[2x9]",
            "ADD lhs:2x9 rhs:2x9 -> float32[2x9]",
        ],
    ),
    "nd added": (
        (
            'g (float[2,9] x, int64[3,1] i, float[3,9] u) => (float[2,9] y) { y = ScatterND <reduction = "add"> (x, '
            "i, u) }"
        ),
        [
            "CAST input:3x1 in_data_type=INT64 out_data_type=INT32 -> int32[3x1]",
            "ADD lhs:3x1 rhs:(2) -> int32[3x1]",
            "FLOOR_MOD lhs:3x1 rhs:(2) -> int32[3x1]",
            "LESS lhs:3x1 rhs:0 -> bool[3x1]",
            "SELECT condition:3x1 x:3x1 y:3x1 -> int32[3x1]",
            "SCATTER_ND indices:3x1 updates:3x9 shape:(2,9) -> float32[2x9]",
            "ADD lhs:2x9 rhs:2x9 -> float32[2x9]",
        ],
    ),
    "nd of the largest has none": (
        (
            'g (float[2,9] x, int64[3,1] i, float[3,9] u) => (float[2,9] y) { y = ScatterND <reduction = "max"> (x, '
            "i, u) }"
        ),
        [
            "onnx.ScatterND data:2x9 indices:3x1 updates:3x9 reduction=max -> float32[2x9]",
        ],
    ),
    "of booleans": (
        "g (bool[9] x, int64[3,1] i, bool[3] u) => (bool[9] y) { y = ScatterND (x, i, u) }",
        [
            "CAST input:3x1 in_data_type=INT64 out_data_type=INT32 -> int32[3x1]",
            "ADD lhs:3x1 rhs:(9) -> int32[3x1]",
            "FLOOR_MOD lhs:3x1 rhs:(9) -> int32[3x1]",
            "LESS lhs:3x1 rhs:0 -> bool[3x1]",
            "SELECT condition:3x1 x:3x1 y:3x1 -> int32[3x1]",
            "CAST input:9 in_data_type=BOOL out_data_type=INT32 -> int32[9]",
            "CAST input:3 in_data_type=BOOL out_data_type=INT32 -> int32[3]",
            "SCATTER_ND indices:3x1 updates:3 shape:(9) -> int32[9]",
            "SUB lhs:1 rhs:9 -> int32[9]",
            "MUL lhs:9 rhs:9 -> int32[9]",
            "SCATTER_ND indices:3x1 updates:3 shape:(9) -> int32[9]",
            "ADD lhs:9 rhs:9 -> int32[9]",
            "CAST input:9 in_data_type=INT32 out_data_type=BOOL -> bool[9]",
        ],
    ),
    "elements": (
        "g (float[2,9] x, int64[2,3] i, float[2,3] u) => (float[2,9] y) { y = ScatterElements <axis = 1> (x, i, u) }",
        [
            "CAST input:2x3 in_data_type=INT64 out_data_type=INT32 -> int32[2x3]",
            "LESS lhs:2x3 rhs:0 -> bool[2x3]",
            "ADD lhs:2x3 rhs:9 -> int32[2x3]",
            "SELECT condition:2x3 x:2x3 y:2x3 -> int32[2x3]",
            "RESHAPE input:2x3 shape:(2,3,1) -> int32[2x3x1]",
            "CONCATENATION values:2x3x1 values:2x3x1 axis=2 -> int32[2x3x2]",
            "RESHAPE input:2x3x2 shape:(6,2) -> int32[6x2]",
            "RESHAPE input:2x3 shape:(6) -> float32[6]",
            "SCATTER_ND indices:6x2 updates:6 shape:(2,9) -> float32[2x9]",
            "SUB lhs:1 rhs:2x9 -> float32[2x9]",
            "MUL lhs:2x9 rhs:2x9 -> float32[2x9]",
            "SCATTER_ND indices:6x2 updates:6 shape:(2,9) -> float32[2x9]",
            "ADD lhs:2x9 rhs:2x9 -> float32[2x9]",
        ],
    ),
    "elements of unknown size": (
        (
            "g (float[N,9] x, int64[N,3] i, float[N,3] u) => (float[N,9] y) { y = ScatterElements <axis = 1, "
            'reduction = "add"> (x, i, u) }'
        ),
        [
            "CAST input:Nx3 in_data_type=INT64 out_data_type=INT32 -> int32[Nx3]",
            "LESS lhs:Nx3 rhs:0 -> bool[Nx3]",
            "ADD lhs:Nx3 rhs:9 -> int32[Nx3]",
            "SELECT condition:Nx3 x:Nx3 y:Nx3 -> int32[Nx3]",
            "RESHAPE input:Nx3 shape:(-1,3,1) -> int32[Nx3x1]",
            "SHAPE input:Nx3 out_type=INT32 -> int32[2]",
            (
                "STRIDED_SLICE input:2 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            "RANGE start:0 limit:scalar delta:1 -> int32[N]",
            "RESHAPE input:N shape:(-1,1,1) -> int32[Nx1x1]",
            "SHAPE input:Nx3x1 out_type=INT32 -> int32[3]",
            "BROADCAST_TO input:Nx1x1 shape:3 -> int32[Nx3x1]",
            "CONCATENATION values:Nx3x1 values:Nx3x1 axis=2 -> int32[Nx3x2]",
            "RESHAPE input:Nx3x2 shape:(-1,2) -> int32[?x2]",
            "RESHAPE input:Nx3 shape:(-1) -> float32[?]",
            "SHAPE input:Nx9 out_type=INT32 -> int32[2]",
            "SCATTER_ND indices:?x2 updates:? shape:2 -> float32[Nx9]",
            "ADD lhs:Nx9 rhs:Nx9 -> float32[Nx9]",
        ],
    ),
    "into a cache": (
        (
            "24: g (float[2,3,8,4] c, float[2,3,1,4] u, int64[2] i) => (float[2,3,8,4] y) { y = TensorScatter <mode "
            '= "circular"> (c, u, i) }'
        ),
        [
            "CAST input:2 in_data_type=INT64 out_data_type=INT32 -> int32[2]",
            "RESHAPE input:2 shape:(2,1,1,1) -> int32[2x1x1x1]",
            "ADD lhs:2x3x1x1 rhs:2x1x1x1 -> int32[2x3x1x1]",
            "FLOOR_MOD lhs:2x3x1x1 rhs:8 -> int32[2x3x1x1]",
            "CONCATENATION values:2x3x1x1 values:2x3x1x1 values:2x3x1x1 axis=3 -> int32[2x3x1x3]",
            "SCATTER_ND indices:2x3x1x3 updates:2x3x1x4 shape:(2,3,8,4) -> float32[2x3x8x4]",
            "SUB lhs:1 rhs:2x3x8x4 -> float32[2x3x8x4]",
            "MUL lhs:2x3x8x4 rhs:2x3x8x4 -> float32[2x3x8x4]",
            "SCATTER_ND indices:2x3x1x3 updates:2x3x1x4 shape:(2,3,8,4) -> float32[2x3x8x4]",
            "ADD lhs:2x3x8x4 rhs:2x3x8x4 -> float32[2x3x8x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
