"""Pools as rewrites read them: window, steps and padding of each axis, with what the op leaves unsaid worked out."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from edgeplan.surgery.looking import attribute, dims, ints
from edgeplan.surgery.padding import own_padding

__all__ = ["Pool", "pool"]


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool's geometry, spatial axes only. `sizes` are the input's, where all are known.

    `beyond` is how far the last windows reach past the padding, which they do when output sizes are rounded up; it is
    None where that is not known.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    before: tuple[int, ...]
    behind: tuple[int, ...]
    sizes: tuple[int, ...] | None
    beyond: tuple[int, ...] | None

    @property
    def pads(self) -> list[int]:
        """As the attribute says them."""
        return [*self.before, *self.behind]


def pool(node: ir.Node) -> Pool | str:
    """The geometry of a MaxPool, AveragePool or LpPool; or why it is not known."""
    shape, result = dims(node.inputs[0]), dims(node.outputs[0])
    kernel = ints(node, "kernel_shape")
    if shape is None or kernel is None or len(shape) != len(kernel) + 2:
        return "the number of axes is not known"
    if any(d != 1 for d in ints(node, "dilations", ()) or ()):
        return "the windows are dilated"
    strides = ints(node, "strides", (1,) * len(kernel)) or ()
    inner = tuple(d for d in shape[2:] if isinstance(d, int))
    sizes = inner if len(inner) == len(kernel) else None
    pads = own_padding(node, kernel, strides, (1,) * len(kernel))
    if pads is None:
        return "the pool chooses its padding by its input's size"
    if str(attribute(node, "auto_pad", "")).startswith("SAME") and any(
        s > k for s, k in zip(strides, kernel, strict=True)
    ):
        return "runtimes do not agree where windows with gaps between them begin"
    before, behind = pads[: len(kernel)], pads[len(kernel) :]
    beyond: tuple[int, ...] | None = (0,) * len(kernel)
    if attribute(node, "ceil_mode", 0):
        out = tuple(d for d in (result or ())[2:] if isinstance(d, int))
        beyond = None
        if sizes is not None and len(out) == len(kernel):
            beyond = tuple(
                max(0, (o - 1) * s + k - (n + p + q))
                for o, s, k, n, p, q in zip(out, strides, kernel, sizes, before, behind, strict=True)
            )
    return Pool(kernel, strides, before, behind, sizes, beyond)
