"""LSTM and simple RNN."""

import pytest

CASES = {
    "lstm with the squeeze of torch": (
        (
            "g (float[5,1,3] x) => (float[5,1,4] y, float[1,1,4] h) <int64[3] s = {1,16,3}, int64[3] t = "
            "{1,16,4}, int64[2] u = {1,32}, int64[1] a = {1}> { w = ConstantOfShape (s) r = ConstantOfShape (t) "
            "c = ConstantOfShape (u) o, h = LSTM <hidden_size = 4> (x, w, r, c) y = Squeeze (o, a) }"
        ),
        [
            (
                "lstm x:5x1x3 initial_h:1x4 initial_c:1x4 weight_ih:16x3 weight_hh:16x4 bias:16 "
                "direction=forward output_sequence=True recurrent_activation=sigmoid cell_activation=tanh "
                "activation=tanh -> float32[5x1x4], float32[1x4], float32[1x4]"
            ),
            "expand_dims x:1x4 axes=(0,) -> float32[1x1x4]",
        ],
    ),
    "lstm of two directions with torch's transpose": (
        (
            "g (float[5,1,3] x, float[2,1,4] h0, float[2,1,4] c0) => (float[5,1,8] y, float[2,1,4] h, "
            "float[2,1,4] k) <int64[3] s = {2,16,3}, int64[3] t = {2,16,4}, int64[3] u = {0,0,-1}> { w = "
            "ConstantOfShape (s) r = ConstantOfShape (t) o, h, k = LSTM <hidden_size = 4, direction = "
            '"bidirectional"> (x, w, r, , , h0, c0) p = Transpose <perm = [0,2,1,3]> (o) y = Reshape (p, u) }'
        ),
        [
            "split x:2x1x4 num_splits=2 axis=0 -> float32[1x1x4], float32[1x1x4]",
            "concat values:1x1x4 values:1x1x4 axis=2 interleave=False -> float32[1x1x8]",
            "squeeze x:1x1x8 axes=(0,) -> float32[1x8]",
            "split x:2x1x4 num_splits=2 axis=0 -> float32[1x1x4], float32[1x1x4]",
            "concat values:1x1x4 values:1x1x4 axis=2 interleave=False -> float32[1x1x8]",
            "squeeze x:1x1x8 axes=(0,) -> float32[1x8]",
            (
                "lstm x:5x1x3 initial_h:1x8 initial_c:1x8 weight_ih:16x3 weight_hh:16x4 weight_ih_back:16x3 "
                "weight_hh_back:16x4 direction=bidirectional output_sequence=True recurrent_activation=sigmoid "
                "cell_activation=tanh activation=tanh -> float32[5x1x8], float32[1x8], float32[1x8]"
            ),
            "split x:1x8 num_splits=2 axis=1 -> float32[1x4], float32[1x4]",
            "stack values:1x4 values:1x4 axis=0 -> float32[2x1x4]",
            "split x:1x8 num_splits=2 axis=1 -> float32[1x4], float32[1x4]",
            "stack values:1x4 values:1x4 axis=0 -> float32[2x1x4]",
        ],
    ),
    "lstm as ONNX has it": (
        (
            "g (float[5,N,3] x) => (float[5,1,N,4] y) <int64[3] s = {1,16,3}, int64[3] t = {1,16,4}> { w = "
            "ConstantOfShape (s) r = ConstantOfShape (t) y = LSTM <hidden_size = 4> (x, w, r) }"
        ),
        [
            "shape x:5xNx3 -> int32[3]",
            "slice_by_index x:3 begin=(1,) end=(2,) end_mask=(False,) -> int32[1]",
            "concat values:1 values:1 axis=0 interleave=False -> int32[2]",
            "fill shape:2 value=0.0 -> float32[Nx4]",
            (
                "lstm x:5xNx3 initial_h:Nx4 initial_c:Nx4 weight_ih:16x3 weight_hh:16x4 direction=forward "
                "output_sequence=True recurrent_activation=sigmoid cell_activation=tanh activation=tanh -> "
                "float32[5xNx4], float32[Nx4], float32[Nx4]"
            ),
            "expand_dims x:5xNx4 axes=(1,) -> float32[5x1xNx4]",
        ],
    ),
    "lstm of other lengths has no lowering": (
        (
            "g (float[5,1,3] x, int32[1] n) => (float[5,1,1,4] y) <int64[3] s = {1,16,3}, int64[3] t = {1,16,4}> "
            "{ w = ConstantOfShape (s) r = ConstantOfShape (t) y = LSTM <hidden_size = 4> (x, w, r, , n) }"
        ),
        ["onnx.LSTM X:5x1x3 W:1x16x3 R:1x16x4 sequence_lens:1 hidden_size=4 -> float32[5x1x1x4]"],
    ),
    "rnn": (
        (
            "g (float[5,1,3] x) => (float[1,1,4] h) <int64[3] s = {1,4,3}, int64[3] t = {1,4,4}> { w = "
            "ConstantOfShape (s) r = ConstantOfShape (t) , h = RNN <hidden_size = 4> (x, w, r) }"
        ),
        [
            (
                "rnn x:5x1x3 initial_h:1x4 weight_ih:4x3 weight_hh:4x4 direction=forward output_sequence=True "
                "activation=tanh -> float32[5x1x4], float32[1x4]"
            ),
            "expand_dims x:1x4 axes=(0,) -> float32[1x1x4]",
        ],
    ),
    "rnn of two directions has no lowering": (
        (
            "g (float[5,1,3] x) => (float[5,2,1,4] y) <int64[3] s = {2,4,3}, int64[3] t = {2,4,4}> { w = "
            'ConstantOfShape (s) r = ConstantOfShape (t) y = RNN <hidden_size = 4, direction = "bidirectional"> '
            "(x, w, r) }"
        ),
        ["onnx.RNN X:5x1x3 W:2x4x3 R:2x4x4 hidden_size=4 direction=bidirectional -> float32[5x2x1x4]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
