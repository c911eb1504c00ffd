"""The windows of convolutions and pools: strides, dilations, and explicit pads as SAME, VALID or a PAD in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from edgeplan.graph import Attr, Dim, DType, Op, Shape
from edgeplan.lower.attributes import integers, text
from edgeplan.lower.shapes import reshape_target
from edgeplan.lower.tflite.builder import Builder

__all__ = ["Window", "grown", "lowered", "padded", "padding_of", "raised", "same_pads", "window"]


@dataclass(frozen=True, slots=True)
class Window:
    """One value an axis in each field; `pads` pairs of begin and end, None when `auto_pad` is SAME_UPPER."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...] | None

    @property
    def reach(self) -> tuple[int, ...]:
        """The cells of the input that the window spans along each axis."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    def attrs(self, padding: str, *, dilated: bool) -> dict[str, Attr]:
        """The options of a window of one to three axes: a missing height or depth counts as one."""
        names = "dhw" if len(self.kernel) == 3 else "hw"
        ones = (1,) * (len(names) - len(self.kernel))
        found: dict[str, Attr] = {"padding": padding}
        found.update((f"stride_{n}", s) for n, s in zip(names, ones + self.strides, strict=True))
        if dilated:
            found.update((f"dilation_{n}_factor", d) for n, d in zip(names, ones + self.dilations, strict=True))
        return found


def window(op: Op, kernel: Sequence[int | None], sizes: Sequence[Dim]) -> Window | None:
    """The window of an op over spatial axes of `sizes`; None when its attributes are ill-formed."""
    spatial = len(kernel)
    ones = (1,) * spatial
    known = tuple(k for k in kernel if k is not None)
    strides, dilations = integers(op, "strides", ones), integers(op, "dilations", ones)
    pads, auto = integers(op, "pads", (0,) * (2 * spatial)), text(op, "auto_pad", "NOTSET")
    if strides is None or dilations is None or pads is None or len(known) != spatial or len(pads) != 2 * spatial:
        return None
    if len(strides) != spatial or len(dilations) != spatial or min(*strides, *dilations, *known) < 1 or min(pads) < 0:
        return None
    found = Window(known, strides, dilations, tuple(zip(pads[:spatial], pads[spatial:], strict=True)))
    if auto in ("NOTSET", ""):
        return found
    if auto == "VALID":
        return Window(known, strides, dilations, ((0, 0),) * spatial)
    if auto == "SAME_UPPER":
        return Window(known, strides, dilations, None)
    if auto != "SAME_LOWER":
        return None
    same = same_pads(found, sizes)
    return None if same is None else Window(known, strides, dilations, tuple((end, begin) for begin, end in same))


def same_pads(w: Window, sizes: Sequence[Dim]) -> tuple[tuple[int, int], ...] | None:
    """The pads that SAME stands for, the odd cell at the end; None where they hang on an unknown size."""
    found: list[tuple[int, int]] = []
    for size, stride, reach in zip(sizes, w.strides, w.reach, strict=True):
        if isinstance(size, int):
            total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        elif stride == 1 or reach == 1:
            total = reach - 1
        else:
            return None
        found.append((total // 2, total - total // 2))
    return tuple(found)


@lru_cache(maxsize=256)
def padding_of(w: Window, sizes: tuple[Dim, ...]) -> str | None:
    """SAME or VALID when one of them says the window's pads, None when a PAD has to."""
    if w.pads is None or (any(map(any, w.pads)) and w.pads == same_pads(w, sizes)):
        return "SAME"
    return None if any(map(any, w.pads)) else "VALID"


def raised(b: Builder, x: str) -> str:
    """[N,W,C] as [N,1,W,C]: RESHAPE, or EXPAND_DIMS of several unknown sizes."""
    shape = b.shape(x)
    wide = None if shape is None else (shape[0], 1, *shape[1:])
    if reshape_target(wide) is not None:
        return b.reshape(x, wide)
    return b.emit("EXPAND_DIMS", {"input": x, "dim": b.ints((1,))}, wide)


def lowered(b: Builder, x: str) -> str:
    """[N,1,W,C] as [N,W,C]: RESHAPE, or SQUEEZE of several unknown sizes."""
    shape = b.shape(x)
    flat = None if shape is None else (shape[0], *shape[2:])
    if reshape_target(flat) is not None:
        return b.reshape(x, flat)
    return b.emit("SQUEEZE", {"input": x}, flat, attrs={"squeeze_dims": (1,)})


def grown(dim: Dim, begin: int, end: int) -> Dim:
    """An axis behind a pad."""
    return dim + begin + end if isinstance(dim, int) else dim if not (begin or end) else None


def padded(b: Builder, x: str, pads: Sequence[tuple[int, int]], value: float | None = None) -> str:
    """PAD(input, padding) of a tensor [N, spatial..., C] with zeros, or PADV2(input, padding, value)."""
    shape: Shape = b.shape(x)
    every = ((0, 0), *pads, (0, 0))
    if shape is not None:
        shape = tuple(grown(d, p, q) for d, (p, q) in zip(shape, every, strict=False))
    amounts = b.constant([n for pair in every for n in pair], DType.INT32, (len(every), 2), "padding")
    if value is None:
        return b.emit("PAD", {"input": x, "padding": amounts}, shape)
    return b.emit("PADV2", {"input": x, "padding": amounts, "constant_values": b.like(x, value)}, shape)
