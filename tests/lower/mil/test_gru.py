"""GRU as a loop."""

import pytest

CASES = {
    "one direction": (
        (
            "g (float[5,1,3] x) => (float[5,1,4] y) <int64[3] s = {1,12,3}, int64[3] t = {1,12,4}, int64[1] a = "
            "{1}> { w = ConstantOfShape (s) r = ConstantOfShape (t) o = GRU <hidden_size = 4, "
            "linear_before_reset = 1> (x, w, r) y = Squeeze (o, a) }"
        ),
        [
            "while_loop loop_vars:1 loop_vars:6x1x4 -> int32[1], float32[6x1x4]",
            "less x:1 y:1 -> bool[1]",
            "gather x:5x1x3 indices:1 axis=0 -> float32[1x1x3]",
            "gather x:6x1x4 indices:1 axis=0 -> float32[1x1x4]",
            "squeeze x:1x1x3 axes=(0,) -> float32[1x3]",
            "squeeze x:1x1x4 axes=(0,) -> float32[1x4]",
            "linear x:1x3 weight:4x3 bias:4 -> float32[1x4]",
            "linear x:1x4 weight:4x4 bias:4 -> float32[1x4]",
            "add x:1x4 y:1x4 -> float32[1x4]",
            "sigmoid x:1x4 -> float32[1x4]",
            "linear x:1x3 weight:4x3 bias:4 -> float32[1x4]",
            "linear x:1x4 weight:4x4 bias:4 -> float32[1x4]",
            "add x:1x4 y:1x4 -> float32[1x4]",
            "sigmoid x:1x4 -> float32[1x4]",
            "linear x:1x3 weight:4x3 bias:4 -> float32[1x4]",
            "linear x:1x4 weight:4x4 bias:4 -> float32[1x4]",
            "mul x:1x4 y:1x4 -> float32[1x4]",
            "add x:1x4 y:1x4 -> float32[1x4]",
            "tanh x:1x4 -> float32[1x4]",
            "sub x:scalar y:1x4 -> float32[1x4]",
            "mul x:1x4 y:1x4 -> float32[1x4]",
            "mul x:1x4 y:1x4 -> float32[1x4]",
            "add x:1x4 y:1x4 -> float32[1x4]",
            "add x:1 y:scalar -> int32[1]",
            "expand_dims x:1x4 axes=(0,) -> float32[1x1x4]",
            "scatter data:6x1x4 indices:1 updates:1x1x4 axis=0 mode=add -> float32[6x1x4]",
            (
                "slice_by_index x:6x1x4 begin=(1,0,0) end=(0,0,0) begin_mask=(False,True,True) "
                "end_mask=(True,True,True) -> float32[5x1x4]"
            ),
        ],
    ),
    "two directions of a free batch": (
        (
            "g (float[S,N,3] x) => (float[S,2,N,4] y, float[2,N,4] h) <int64[3] s = {2,12,3}, int64[3] t = "
            "{2,12,4}> { w = ConstantOfShape (s) r = ConstantOfShape (t) y, h = GRU <hidden_size = 4, direction "
            '= "bidirectional"> (x, w, r) }'
        ),
        [
            "shape x:SxNx3 -> int32[3]",
            "slice_by_index x:3 begin=(1,) end=(2,) end_mask=(False,) -> int32[1]",
            "concat values:1 values:1 axis=0 interleave=False -> int32[2]",
            "fill shape:2 value=0.0 -> float32[Nx4]",
            "expand_dims x:Nx4 axes=(0,) -> float32[1xNx4]",
            "slice_by_index x:3 begin=(0,) end=(2,) end_mask=(False,) -> int32[2]",
            "concat values:2 values:1 axis=0 interleave=False -> int32[3]",
            "fill shape:3 value=0.0 -> float32[SxNx4]",
            "concat values:1xNx4 values:SxNx4 axis=0 interleave=False -> float32[?xNx4]",
            "slice_by_index x:3 begin=(0,) end=(1,) end_mask=(False,) -> int32[1]",
            "while_loop loop_vars:1 loop_vars:?xNx4 -> int32[1], float32[?xNx4]",
            "less x:1 y:1 -> bool[1]",
            "gather x:SxNx3 indices:1 axis=0 -> float32[1xNx3]",
            "gather x:?xNx4 indices:1 axis=0 -> float32[1xNx4]",
            "squeeze x:1xNx3 axes=(0,) -> float32[Nx3]",
            "squeeze x:1xNx4 axes=(0,) -> float32[Nx4]",
            "linear x:Nx3 weight:4x3 bias:4 -> float32[Nx4]",
            "linear x:Nx4 weight:4x4 bias:4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "sigmoid x:Nx4 -> float32[Nx4]",
            "linear x:Nx3 weight:4x3 bias:4 -> float32[Nx4]",
            "linear x:Nx4 weight:4x4 bias:4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "sigmoid x:Nx4 -> float32[Nx4]",
            "mul x:Nx4 y:Nx4 -> float32[Nx4]",
            "linear x:Nx3 weight:4x3 bias:4 -> float32[Nx4]",
            "linear x:Nx4 weight:4x4 bias:4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "tanh x:Nx4 -> float32[Nx4]",
            "sub x:scalar y:Nx4 -> float32[Nx4]",
            "mul x:Nx4 y:Nx4 -> float32[Nx4]",
            "mul x:Nx4 y:Nx4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "add x:1 y:scalar -> int32[1]",
            "expand_dims x:Nx4 axes=(0,) -> float32[1xNx4]",
            "scatter data:?xNx4 indices:1 updates:1xNx4 axis=0 mode=add -> float32[?xNx4]",
            (
                "slice_by_index x:?xNx4 begin=(1,0,0) end=(0,0,0) begin_mask=(False,True,True) "
                "end_mask=(True,True,True) -> float32[SxNx4]"
            ),
            (
                "slice_by_index x:SxNx4 begin=(-1,0,0) end=(-2,0,0) begin_mask=(False,True,True) "
                "end_mask=(False,True,True) stride=(-1,1,1) -> float32[1xNx4]"
            ),
            "reverse x:SxNx3 axes=(0,) -> float32[SxNx3]",
            "shape x:SxNx3 -> int32[3]",
            "slice_by_index x:3 begin=(0,) end=(1,) end_mask=(False,) -> int32[1]",
            "while_loop loop_vars:1 loop_vars:?xNx4 -> int32[1], float32[?xNx4]",
            "less x:1 y:1 -> bool[1]",
            "gather x:SxNx3 indices:1 axis=0 -> float32[1xNx3]",
            "gather x:?xNx4 indices:1 axis=0 -> float32[1xNx4]",
            "squeeze x:1xNx3 axes=(0,) -> float32[Nx3]",
            "squeeze x:1xNx4 axes=(0,) -> float32[Nx4]",
            "linear x:Nx3 weight:4x3 bias:4 -> float32[Nx4]",
            "linear x:Nx4 weight:4x4 bias:4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "sigmoid x:Nx4 -> float32[Nx4]",
            "linear x:Nx3 weight:4x3 bias:4 -> float32[Nx4]",
            "linear x:Nx4 weight:4x4 bias:4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "sigmoid x:Nx4 -> float32[Nx4]",
            "mul x:Nx4 y:Nx4 -> float32[Nx4]",
            "linear x:Nx3 weight:4x3 bias:4 -> float32[Nx4]",
            "linear x:Nx4 weight:4x4 bias:4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "tanh x:Nx4 -> float32[Nx4]",
            "sub x:scalar y:Nx4 -> float32[Nx4]",
            "mul x:Nx4 y:Nx4 -> float32[Nx4]",
            "mul x:Nx4 y:Nx4 -> float32[Nx4]",
            "add x:Nx4 y:Nx4 -> float32[Nx4]",
            "add x:1 y:scalar -> int32[1]",
            "expand_dims x:Nx4 axes=(0,) -> float32[1xNx4]",
            "scatter data:?xNx4 indices:1 updates:1xNx4 axis=0 mode=add -> float32[?xNx4]",
            (
                "slice_by_index x:?xNx4 begin=(1,0,0) end=(0,0,0) begin_mask=(False,True,True) "
                "end_mask=(True,True,True) -> float32[SxNx4]"
            ),
            (
                "slice_by_index x:SxNx4 begin=(-1,0,0) end=(-2,0,0) begin_mask=(False,True,True) "
                "end_mask=(False,True,True) stride=(-1,1,1) -> float32[1xNx4]"
            ),
            "reverse x:SxNx4 axes=(0,) -> float32[SxNx4]",
            "stack values:SxNx4 values:SxNx4 axis=1 -> float32[Sx2xNx4]",
            "concat values:1xNx4 values:1xNx4 axis=0 interleave=False -> float32[2xNx4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
