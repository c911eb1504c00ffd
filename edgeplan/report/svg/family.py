"""What kind of op made a tensor, in a few words for all dialects: the colours of the arena map."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["FAMILIES", "family_of"]

FAMILIES: Mapping[str, str] = {
    "conv": "convolution",
    "matrix": "matrix product, attention, recurrence",
    "elementwise": "element by element",
    "layout": "layout: concat, pad, transpose, resize",
    "reduce": "pooling, normalisation, softmax",
    "other": "other ops",
    "input": "input or output",
    "scratch": "scratch of an op",
    "body": "body of a loop or branch",
    "state": "kept from call to call",
}
"""Families and how a legend names them, in its order."""

_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("conv", re.compile(r"conv|^deform")),
    ("matrix", re.compile(r"matmul|gemm|^linear|fullyconnected|attention|einsum|^(rnn|gru|lstm)|lstm|gru$")),
    ("reduce", re.compile(r"pool|norm|softmax|reduce|^(mean|sum|lrn|argm|cumsum|topk|hardmax|logsumexp)|moments")),
    (
        "layout",
        re.compile(
            r"reshape|transpose|concat|pad|slice|split|gather|scatter|resize|upsample|crop|tile|expand|stack|pack|depth"
            r"|spaceto|squeeze|flatten|broadcast|reverse|pixel|shuffle|identity|^(where|select|fill|range|shape|onehot)"
        ),
    ),
    (
        "elementwise",
        re.compile(
            r"^(add|sub|mul|div|real|floor|mod|pow|min|max|abs|neg|exp|log|sqrt|rsqrt|square|sin|cos|tan|erf|ceil|round"
            r"|sign|clip|cast|not|and|or|xor|equal|greater|less|inverse|reciprocal|dropout|quant|dequant|threshold|hard"
            r"|leaky|thresh|soft|batchnormalization|mish|swish|logistic|isnan|isinf|logical)|elu|gelu|relu|sigmoid|silu|tanh"
        ),
    ),
)


def family_of(label: str) -> str:
    """The family of an op by its label in any dialect: `Conv`, `depthwise_conv`, `FULLY_CONNECTED`, `com.x.Gelu`."""
    word = label.rpartition(".")[2].lower().replace("_", "")
    if word.startswith("batchnorm"):
        return "elementwise"
    return next((family for family, pattern in _WORDS if pattern.search(word)), "other")
