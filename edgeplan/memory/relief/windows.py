"""Which rows and columns of its input an op looks at for some of its output: the geometry of convolutions and pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeplan.graph import Attr, Graph, Op
from edgeplan.memory.elementwise import is_elementwise

__all__ = ["Window", "plane", "windows"]

Plane = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True, slots=True)
class Window:
    """Along one axis: `kernel` taps, `dilation` apart, `stride` on for each output, the first `before` the edge.

    `size` is that of the input, whose edge it is.
    """

    kernel: int
    stride: int
    dilation: int
    before: int
    size: int

    def reaches(self, low: int, high: int) -> tuple[int, int]:
        """The input positions, half-open, that the output positions `low` up to `high` hang on."""
        first = low * self.stride - self.before
        last = (high - 1) * self.stride - self.before + (self.kernel - 1) * self.dilation
        return max(0, min(first, self.size - 1)), min(self.size, max(last, 0) + 1)


def plane(graph: Graph, name: str) -> Plane | None:
    """Height and width of a tensor of rank 4 and known shape, where its dialect has them; else None."""
    shape = graph.values[name].shape
    if shape is None or len(shape) != 4:
        return None
    height, width = shape[1:3] if graph.dialect == "tflite" else shape[2:4]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def windows(graph: Graph, op: Op) -> tuple[Window, Window] | None:
    """How an op looks at each of its inputs of the most rows and columns; None when it is not local.

    Padding is told from the sizes and taken as shared out evenly, which is off by at most one position.
    """
    kind = op.type.upper().replace("_", "")
    taps = _taps(graph, op, kind)
    out = plane(graph, op.outputs[0]) if op.outputs else None
    planes = (plane(graph, n) for n in op.inputs if not graph.values[n].const)
    source = max((p for p in planes if p is not None), key=lambda p: p[0] * p[1], default=None)
    if taps is None or out is None or source is None or op.domain or op.bodies:
        return None
    stride, dilation = _two(op.attrs, "strides", "stride"), _two(op.attrs, "dilations", "dilation")
    return (
        _window(taps[0], stride[0], dilation[0], source[0], out[0]),
        _window(taps[1], stride[1], dilation[1], source[1], out[1]),
    )


def _window(kernel: int, stride: int, dilation: int, size: int, out: int) -> Window:
    spare = (out - 1) * stride + (kernel - 1) * dilation + 1 - size
    return Window(kernel, stride, dilation, max(spare, 0) // 2, size)


def _taps(graph: Graph, op: Op, kind: str) -> Plane | None:
    """The kernel's height and width; None for an op that looks at more than a window."""
    if is_elementwise(graph, op):
        return (1, 1)
    if kind in _PADS:
        return (1, 1)
    if kind in _JOINS:
        axis = op.attrs.get("axis")
        return (1, 1) if axis in ((3, -1) if graph.dialect == "tflite" else (1, -3)) else None
    if kind in _CONVOLUTIONS and len(op.inputs) > 1:
        shape = graph.values[op.inputs[1]].shape
        found = shape[1:3] if graph.dialect == "tflite" and shape else shape[2:4] if shape else ()
        height, width = found if len(found) == 2 else (None, None)
        return (height, width) if isinstance(height, int) and isinstance(width, int) else None
    if kind in _POOLS:
        return _two(op.attrs, "kernel_shape", "kernel_sizes", "filter")
    return None


_CONVOLUTIONS = frozenset({"CONV", "CONV2D", "DEPTHWISECONV2D"})
_POOLS = frozenset({"MAXPOOL", "AVERAGEPOOL", "AVGPOOL", "MAXPOOL2D", "AVERAGEPOOL2D"})
_PADS = frozenset({"PAD", "PADV2", "MIRRORPAD"})
_JOINS = frozenset({"CONCAT", "CONCATENATION"})


def _two(attrs: Mapping[str, Attr], *names: str) -> Plane:
    """A pair of sizes, written as one attribute or, in TFLite, as one an axis; 1 where absent."""
    for name in names:
        value = attrs.get(name)
        if isinstance(value, tuple) and len(value) == 2:
            return _whole(value[0]), _whole(value[1])
        for height, width in ((f"{name}_h", f"{name}_w"), (f"{name}_height", f"{name}_width")):
            if height in attrs:
                return _whole(attrs[height]), _whole(attrs.get(width))
        if f"{name}_h_factor" in attrs:
            return _whole(attrs[f"{name}_h_factor"]), _whole(attrs.get(f"{name}_w_factor"))
    return 1, 1


def _whole(value: Attr | None) -> int:
    return value if isinstance(value, int) and value > 0 else 1
