"""What ONNX Runtime's CPU kernels refuse when a session is made."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = ["resizes_unlike_cpu"]


def resizes_unlike_cpu(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Of four or more axes not only inner ones change: the first two, or in NHWC the first and the last, must stay."""
    before, after = inputs[0].shape, outputs[0].shape
    if before is None or after is None:
        return None
    if len(before) < 4:
        return False
    same = [a == b if isinstance(a, int) and isinstance(b, int) else None for a, b in zip(before, after, strict=True)]
    layouts = [same[:2], [same[0], same[-1]]] if len(same) == 4 else [same[:2]]
    if any(all(axes) for axes in layouts):
        return False
    return True if all(False in axes for axes in layouts) else None
