"""LSTM and simple RNN layers."""

import pytest

CASES = {
    "lstm": (
        (
            "g (float[5,1,3] x) => (float[5,1,1,4] y) <int64[3] s = {1,16,3}, int64[3] t = {1,16,4}, int64[2] u = "
            "{1,32}> { w = ConstantOfShape (s) r = ConstantOfShape (t) b = ConstantOfShape (u) y = LSTM "
            "<hidden_size = 4> (x, w, r, b) }"
        ),
        [
            (
                "UNIDIRECTIONAL_SEQUENCE_LSTM input:5x1x3 input_to_input_weights:4x3 input_to_forget_weights:4x3 "
                "input_to_cell_weights:4x3 input_to_output_weights:4x3 recurrent_to_input_weights:4x4 "
                "recurrent_to_forget_weights:4x4 recurrent_to_cell_weights:4x4 recurrent_to_output_weights:4x4 "
                "input_gate_bias:4 forget_gate_bias:4 cell_bias:4 output_gate_bias:4 input_activation_state:1x4 "
                "input_cell_state:1x4 fused_activation_function=TANH cell_clip=0.0 proj_clip=0.0 time_major=True "
                "diagonal_recurrent_tensors=False -> float32[5x1x4]"
            ),
            "RESHAPE input:5x1x4 shape:(5,1,1,4) -> float32[5x1x1x4]",
        ],
    ),
    "the last state of a reverse lstm": (
        (
            "g (float[T,B,3] x) => (float[1,B,4] h) <int64[3] s = {1,16,3}, int64[3] t = {1,16,4}> { w = "
            'ConstantOfShape (s) r = ConstantOfShape (t) y, h = LSTM <hidden_size = 4, direction = "reverse"> (x, '
            "w, r) }"
        ),
        [
            "REVERSE_V2 input:TxBx3 axis:(0) -> float32[TxBx3]",
            (
                "UNIDIRECTIONAL_SEQUENCE_LSTM input:TxBx3 input_to_input_weights:4x3 input_to_forget_weights:4x3 "
                "input_to_cell_weights:4x3 input_to_output_weights:4x3 recurrent_to_input_weights:4x4 "
                "recurrent_to_forget_weights:4x4 recurrent_to_cell_weights:4x4 recurrent_to_output_weights:4x4 "
                "input_gate_bias:4 forget_gate_bias:4 cell_bias:4 output_gate_bias:4 input_activation_state:Bx4 "
                "input_cell_state:Bx4 fused_activation_function=TANH cell_clip=0.0 proj_clip=0.0 time_major=True "
                "diagonal_recurrent_tensors=False -> float32[TxBx4]"
            ),
            "REVERSE_V2 input:TxBx4 axis:(0) -> float32[TxBx4]",
            (
                "STRIDED_SLICE input:TxBx4 begin:(0,0,0) end:(1,0,0) strides:(1,1,1) begin_mask=6 end_mask=6 "
                "shrink_axis_mask=1 -> float32[Bx4]"
            ),
            "RESHAPE input:Bx4 shape:(1,-1,4) -> float32[1xBx4]",
        ],
    ),
    "both ways": (
        (
            "g (float[5,1,3] x) => (float[5,2,1,4] y) <int64[3] s = {2,16,3}, int64[3] t = {2,16,4}> { w = "
            'ConstantOfShape (s) r = ConstantOfShape (t) y = LSTM <hidden_size = 4, direction = "bidirectional"> '
            "(x, w, r) }"
        ),
        [
            (
                "BIDIRECTIONAL_SEQUENCE_LSTM input:5x1x3 fw_input_to_input_weights:4x3 "
                "fw_input_to_forget_weights:4x3 fw_input_to_cell_weights:4x3 fw_input_to_output_weights:4x3 "
                "fw_recurrent_to_input_weights:4x4 fw_recurrent_to_forget_weights:4x4 "
                "fw_recurrent_to_cell_weights:4x4 fw_recurrent_to_output_weights:4x4 fw_input_gate_bias:4 "
                "fw_forget_gate_bias:4 fw_cell_bias:4 fw_output_gate_bias:4 bw_input_to_input_weights:4x3 "
                "bw_input_to_forget_weights:4x3 bw_input_to_cell_weights:4x3 bw_input_to_output_weights:4x3 "
                "bw_recurrent_to_input_weights:4x4 bw_recurrent_to_forget_weights:4x4 "
                "bw_recurrent_to_cell_weights:4x4 bw_recurrent_to_output_weights:4x4 bw_input_gate_bias:4 "
                "bw_forget_gate_bias:4 bw_cell_bias:4 bw_output_gate_bias:4 fw_input_activation_state:1x4 "
                "fw_input_cell_state:1x4 bw_input_activation_state:1x4 bw_input_cell_state:1x4 "
                "fused_activation_function=TANH cell_clip=0.0 proj_clip=0.0 merge_outputs=True time_major=True -> "
                "float32[5x1x8]"
            ),
            "SPLIT split_dim:(2) value:5x1x8 num_splits=2 -> float32[5x1x4], float32[5x1x4]",
            "RESHAPE input:5x1x4 shape:(5,1,1,4) -> float32[5x1x1x4]",
            "RESHAPE input:5x1x4 shape:(5,1,1,4) -> float32[5x1x1x4]",
            "CONCATENATION values:5x1x1x4 values:5x1x1x4 axis=1 -> float32[5x2x1x4]",
        ],
    ),
    "a state of run time unrolls": (
        (
            "g (float[1,1,3] x, float[1,1,4] h0, float[1,1,4] c0) => (float[1,1,1,4] y, float[1,1,4] h, "
            "float[1,1,4] c) <int64[3] s = {1,16,3}, int64[3] t = {1,16,4}> { w = ConstantOfShape (s) r = "
            "ConstantOfShape (t) y, h, c = LSTM <hidden_size = 4> (x, w, r, , , h0, c0) }"
        ),
        [
            "RESHAPE input:1x1x4 shape:(1,4) -> float32[1x4]",
            "RESHAPE input:1x1x4 shape:(1,4) -> float32[1x4]",
            "RESHAPE input:1x1x3 shape:(1,3) -> float32[1x3]",
            "CONCATENATION values:1x3 values:1x4 axis=1 -> float32[1x7]",
            "BATCH_MATMUL x:1x7 y:7x16 adj_x=False adj_y=False -> float32[1x16]",
            "ADD lhs:1x16 rhs:16 -> float32[1x16]",
            "SPLIT split_dim:(1) value:1x16 num_splits=4 -> float32[1x4], float32[1x4], float32[1x4], float32[1x4]",
            "LOGISTIC x:1x4 -> float32[1x4]",
            "MUL lhs:1x4 rhs:1x4 -> float32[1x4]",
            "LOGISTIC x:1x4 -> float32[1x4]",
            "TANH input:1x4 -> float32[1x4]",
            "MUL lhs:1x4 rhs:1x4 -> float32[1x4]",
            "ADD lhs:1x4 rhs:1x4 -> float32[1x4]",
            "LOGISTIC x:1x4 -> float32[1x4]",
            "TANH input:1x4 -> float32[1x4]",
            "MUL lhs:1x4 rhs:1x4 -> float32[1x4]",
            "RESHAPE input:1x4 shape:(1,1,1,4) -> float32[1x1x1x4]",
            "RESHAPE input:1x4 shape:(1,1,4) -> float32[1x1x4]",
            "RESHAPE input:1x4 shape:(1,1,4) -> float32[1x1x4]",
        ],
    ),
    "a state of run time, steps unknown": (
        (
            "g (float[T,1,3] x, float[1,1,4] h0, float[1,1,4] c0) => (float[T,1,1,4] y, float[1,1,4] h, "
            "float[1,1,4] c) <int64[3] s = {1,16,3}, int64[3] t = {1,16,4}> { w = ConstantOfShape (s) r = "
            "ConstantOfShape (t) y, h, c = LSTM <hidden_size = 4> (x, w, r, , , h0, c0) }"
        ),
        [
            "RESHAPE input:1x1x4 shape:(1,4) -> float32[1x4]",
            "RESHAPE input:1x1x4 shape:(1,4) -> float32[1x4]",
            (
                "UNIDIRECTIONAL_SEQUENCE_LSTM input:Tx1x3 input_to_input_weights:4x3 input_to_forget_weights:4x3 "
                "input_to_cell_weights:4x3 input_to_output_weights:4x3 recurrent_to_input_weights:4x4 "
                "recurrent_to_forget_weights:4x4 recurrent_to_cell_weights:4x4 recurrent_to_output_weights:4x4 "
                "input_gate_bias:4 forget_gate_bias:4 cell_bias:4 output_gate_bias:4 input_activation_state:1x4 "
                "input_cell_state:1x4 fused_activation_function=TANH cell_clip=0.0 proj_clip=0.0 time_major=True "
                "diagonal_recurrent_tensors=False -> float32[Tx1x4]"
            ),
            (
                "STRIDED_SLICE input:Tx1x4 begin:(-1,0,0) end:(0,0,0) strides:(1,1,1) begin_mask=6 end_mask=7 "
                "shrink_axis_mask=1 -> float32[1x4]"
            ),
            "RESHAPE input:Tx1x4 shape:(-1,1,1,4) -> float32[Tx1x1x4]",
            "RESHAPE input:1x4 shape:(1,1,4) -> float32[1x1x4]",
            "RESHAPE input:1x1x4 shape:(1,1,4) -> float32[1x1x4]",
        ],
    ),
    "other activations have none": (
        (
            "g (float[5,1,3] x) => (float[5,1,1,4] y) <int64[3] s = {1,16,3}, int64[3] t = {1,16,4}> { w = "
            'ConstantOfShape (s) r = ConstantOfShape (t) y = LSTM <hidden_size = 4, activations = ["HardSigmoid", '
            '"Tanh", "Tanh"]> (x, w, r) }'
        ),
        [
            (
                "onnx.LSTM X:5x1x3 W:1x16x3 R:1x16x4 hidden_size=4 activations=('HardSigmoid','Tanh','Tanh') -> "
                "float32[5x1x1x4]"
            ),
        ],
    ),
    "rnn both ways": (
        (
            "g (float[5,1,3] x) => (float[5,2,1,4] y, float[2,1,4] h) <int64[3] s = {2,4,3}, int64[3] t = {2,4,4}> "
            "{ w = ConstantOfShape (s) r = ConstantOfShape (t) y, h = RNN <hidden_size = 4, direction = "
            '"bidirectional", activations = ["Relu", "Relu"]> (x, w, r) }'
        ),
        [
            (
                "UNIDIRECTIONAL_SEQUENCE_RNN input:5x1x3 input_to_input_weights:4x3 recurrent_to_input_weights:4x4 "
                "input_gate_bias:4 hidden_state:1x4 time_major=True fused_activation_function=RELU -> "
                "float32[5x1x4]"
            ),
            "REVERSE_V2 input:5x1x3 axis:(0) -> float32[5x1x3]",
            (
                "UNIDIRECTIONAL_SEQUENCE_RNN input:5x1x3 input_to_input_weights:4x3 recurrent_to_input_weights:4x4 "
                "input_gate_bias:4 hidden_state:1x4 time_major=True fused_activation_function=RELU -> "
                "float32[5x1x4]"
            ),
            "REVERSE_V2 input:5x1x4 axis:(0) -> float32[5x1x4]",
            (
                "STRIDED_SLICE input:5x1x4 begin:(-1,0,0) end:(0,0,0) strides:(1,1,1) begin_mask=6 end_mask=7 "
                "shrink_axis_mask=1 -> float32[1x4]"
            ),
            (
                "STRIDED_SLICE input:5x1x4 begin:(0,0,0) end:(1,0,0) strides:(1,1,1) begin_mask=6 end_mask=6 "
                "shrink_axis_mask=1 -> float32[1x4]"
            ),
            "RESHAPE input:5x1x4 shape:(5,1,1,4) -> float32[5x1x1x4]",
            "RESHAPE input:5x1x4 shape:(5,1,1,4) -> float32[5x1x1x4]",
            "CONCATENATION values:5x1x1x4 values:5x1x1x4 axis=1 -> float32[5x2x1x4]",
            "RESHAPE input:1x4 shape:(1,1,4) -> float32[1x1x4]",
            "RESHAPE input:1x4 shape:(1,1,4) -> float32[1x1x4]",
            "CONCATENATION values:1x1x4 values:1x1x4 axis=0 -> float32[2x1x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
