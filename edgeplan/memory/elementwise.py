"""Ops whose every output element hangs on the input elements at the same place alone."""

from __future__ import annotations

from collections.abc import Mapping

from edgeplan.graph import Graph, Op

__all__ = ["is_elementwise"]

_ONNX = (
    "Abs Acos Acosh Add And Asin Asinh Atan Atanh BatchNormalization Cast Ceil Celu Clip Cos Cosh DequantizeLinear Div "
    "Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish LeakyRelu Less LessOrEqual Log Max Min "
    "Mish Mod Mul Neg Not Or PRelu Pow QuantizeLinear Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus "
    "Softsign Sqrt Sub Swish Tan Tanh ThresholdedRelu Where Xor"
)
_MIL = (
    "abs acos add asin atan atanh batch_norm cast ceil clamped_relu clip cos cosh dequantize elu equal erf exp exp2 "
    "floor floor_div gelu greater greater_equal inverse leaky_relu less less_equal linear_activation log logical_and "
    "logical_not logical_or logical_xor maximum minimum mod mul not_equal pow prelu quantize real_div relu relu6 round "
    "rsqrt scaled_tanh select sigmoid sigmoid_hard sign silu sin sinh softplus softplus_parametric softsign sqrt "
    "square sub tan tanh threshold thresholded_relu"
)
_TFLITE = (
    "ABS ADD CAST CEIL COS DEQUANTIZE DIV ELU EQUAL EXP FLOOR FLOOR_DIV FLOOR_MOD GELU GREATER GREATER_EQUAL "
    "HARD_SWISH LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC MAXIMUM MINIMUM MUL NEG "
    "NOT_EQUAL POW PRELU QUANTIZE RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SELECT SELECT_V2 SIGN SIN SQRT "
    "SQUARE SQUARED_DIFFERENCE SUB TANH"
)
_NAMES: Mapping[str, frozenset[str]] = {
    "onnx": frozenset(_ONNX.split()),
    "mil": frozenset(_MIL.split()),
    "tflite": frozenset(_TFLITE.split()),
}


def is_elementwise(graph: Graph, op: Op) -> bool:
    """Whether an op works element by element, its operands broadcast to its output where they are smaller."""
    return not op.bodies and op.domain in ("", "com.microsoft") and op.type in _NAMES[graph.dialect]
