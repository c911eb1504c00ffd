"""The sizes of a convolution as the kernels' libraries are told them."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.graph import Graph, Op

__all__ = ["Geometry", "geometry"]

_RANK = 4


@dataclass(frozen=True, slots=True)
class Geometry:
    """Pairs are of height and width. `pad` is what stands in front; `multiplier` the outputs of an input channel."""

    size: tuple[int, int]
    channels: int
    kernel: tuple[int, int]
    made: tuple[int, int]
    made_channels: int
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pad: tuple[int, int]
    multiplier: int = 1

    @property
    def window(self) -> int:
        """Elements of all channels that the kernel looks at for one output position."""
        return self.kernel[0] * self.kernel[1] * self.channels

    @property
    def pointwise(self) -> bool:
        """Whether the kernel looks at one position alone, without padding."""
        return self.kernel == (1, 1) and self.pad == (0, 0) and self.dilation == (1, 1)

    def beyond(self, axis: int) -> int:
        """How far a window behind the last one would reach beyond the input along an axis; negative inside."""
        return self.made[axis] * self.stride[axis] + self.kernel[axis] - 1 - self.size[axis]


def geometry(graph: Graph, op: Op) -> Geometry | None:
    """The geometry of CONV_2D, DEPTHWISE_CONV_2D; None while a size is not known."""
    x, w, y = (_known(graph, name) for name in (op.inputs[0], op.inputs[1], op.outputs[0]))
    if x is None or w is None or y is None:
        return None
    stride, dilation = _pair(op, "stride_{}", 1), _pair(op, "dilation_{}_factor", 1)
    kernel = (w[1], w[2])
    same = op.attrs.get("padding") == "SAME"
    spans = zip(x[1:3], kernel, y[1:3], stride, dilation, strict=True)
    missing = [max((out - 1) * s + (k - 1) * d + 1 - size, 0) if same else 0 for size, k, out, s, d in spans]
    pad = (missing[0] // 2, missing[1] // 2)
    return Geometry((x[1], x[2]), x[3], kernel, (y[1], y[2]), y[3], stride, dilation, pad, max(y[3] // max(x[3], 1), 1))


def _pair(op: Op, name: str, default: int) -> tuple[int, int]:
    found = [op.attrs.get(name.format(axis)) for axis in "hw"]
    h, w = (n if isinstance(n, int) and n > 0 else default for n in found)
    return h, w


def _known(graph: Graph, name: str) -> tuple[int, int, int, int] | None:
    sizes = graph.values[name].sizes
    return None if sizes is None or len(sizes) != _RANK else (sizes[0], sizes[1], sizes[2], sizes[3])
