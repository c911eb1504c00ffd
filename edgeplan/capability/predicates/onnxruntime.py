"""Conditions of the rows of ONNX Runtime's CUDA provider that a table cannot say."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = ["pads_ends_apart", "recurs_unlike_cudnn"]

_ACTIVATIONS = {"GRU": ("sigmoid", "tanh"), "LSTM": ("sigmoid", "tanh", "tanh"), "RNN": ("tanh",)}
_TUNED = ("activation_alpha", "activation_beta", "clip")
_PEEPHOLES = "P"


def pads_ends_apart(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Some axis is padded by another amount at its end than at its start, or may be: auto_pad is SAME."""
    if str(op.attrs.get("auto_pad", "NOTSET")).startswith("SAME"):
        return True
    pads = op.attrs.get("pads", ())
    return isinstance(pads, tuple) and pads[: len(pads) // 2] != pads[len(pads) // 2 :]


def recurs_unlike_cudnn(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The layer has no form in cuDNN: clipped or tuned activations, others than the usual ones, gates that are coupled,
    peepholes, or a GRU that resets before it multiplies.
    """
    if any(name in op.attrs for name in _TUNED) or op.attrs.get("input_forget", 0) not in (0, False):
        return True
    if op.type == "GRU" and op.attrs.get("linear_before_reset", 0) != 1:
        return True
    if _PEEPHOLES in op.ports:
        return True
    given, usual = op.attrs.get("activations"), _ACTIVATIONS.get(op.type, ())
    return isinstance(given, tuple) and tuple(str(a).lower() for a in given) != (usual * 2)[: len(given)]
