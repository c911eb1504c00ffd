"""Ops that treat every element by itself, of one tensor or of several that broadcast to each other."""

from __future__ import annotations

__all__ = ["ARITHMETIC", "BROADCASTING", "UNARY"]

UNARY = frozenset((
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "Ceil", "Celu", "Clip", "Cos",
    "Cosh", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
    "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus",
    "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu",
))  # fmt: skip
"""Ops of one tensor; what else some of them read, as a Clip its bounds, are single numbers."""

ARITHMETIC = ("Add", "Sub", "Mul", "Div")
"""Ops that with a constant scale or shift what they read."""

BROADCASTING = frozenset((
    *ARITHMETIC, "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal", "Greater", "GreaterOrEqual", "Less",
    "LessOrEqual", "Max", "Mean", "Min", "Mod", "Or", "PRelu", "Pow", "Sum", "Where", "Xor",
))  # fmt: skip
"""Ops of several tensors, of which one may have more axes than another, or larger ones."""
