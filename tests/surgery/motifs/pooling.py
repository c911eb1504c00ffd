"""Pools, resizes, pads, and the moves between space and channels."""

from __future__ import annotations

import numpy as np

from tests.surgery.sketch import Sketch, Value


def pool(s: Sketch, x: Value) -> Value:
    spatial = x.rank - 2
    kind = s.pick("MaxPool", "AveragePool", "AveragePool", "LpPool")
    kernel = [s.pick(1, 2, 2, 3)] * spatial if s.chance(0.8) else [s.pick(1, 2, 3) for _ in range(spatial)]
    attrs: dict[str, object] = {"kernel_shape": kernel}
    if s.chance(0.7):
        attrs["strides"] = [s.pick(1, 2, 3)] * spatial
    how = s.pick("none", "pads", "odd", "auto")
    if how == "pads":
        attrs["pads"] = [min(kernel) // 2] * (2 * spatial)
    elif how == "odd":
        attrs["pads"] = [s.rng.randrange(k) for k in kernel * 2]
    elif how == "auto":
        attrs["auto_pad"] = s.pick("SAME_UPPER", "SAME_LOWER", "VALID")
    if kind == "AveragePool" and s.chance(0.4):
        attrs["count_include_pad"] = s.pick(0, 1)
    if s.chance(0.35) and s.opset >= (10 if kind != "LpPool" else 18):
        attrs["ceil_mode"] = 1
    if kind == "MaxPool" and s.chance(0.1):
        return s.ops(kind, [x], 2, **attrs)[0]
    return s.op(kind, x, **attrs)


def any_pool(s: Sketch) -> None:
    x = s.image() if s.chance(0.8) else s.take(lambda: (s.batch, 2, 5, 4, 4), lambda v: v.rank in (3, 5))
    s.keep(pool(s, x))


def large_pool(s: Sketch) -> None:
    side = s.pick(15, 16, 18, 20)
    x = s.image(channels=1, side=side)
    k = s.pick(14, 15, side)
    kind = s.pick("MaxPool", "AveragePool")
    stride = s.pick(1, 2, k)
    pads = s.pick(0, 0, 1, k // 2)
    s.keep(s.op(kind, x, kernel_shape=[k, k], strides=[stride, stride], pads=[pads] * 4))


def global_pool(s: Sketch) -> None:
    x = s.take(lambda: (s.batch, s.pick(2, 3), *[s.pick(3, 4)] * s.pick(1, 2, 3)), lambda v: 3 <= v.rank <= 5)
    how = s.rng.randrange(3)
    if how == 0:
        s.keep(s.op(s.pick("GlobalAveragePool", "GlobalMaxPool"), x))
    elif how == 1:
        axes = list(range(2, x.rank)) if s.chance(0.9) else [2]
        s.keep(
            s.reduce("ReduceMean", x, axes if s.chance() or s.opset < 11 else [a - x.rank for a in axes], s.pick(0, 1))
        )
    else:
        s.keep(s.squeeze(s.op("GlobalAveragePool", x), *range(2, x.rank)))


def pad_pool(s: Sketch) -> None:
    x = s.image()
    kind = s.pick("MaxPool", "AveragePool")
    if kind == "MaxPool" and s.chance(0.6):
        x = s.op(s.pick("Relu", "Sigmoid"), x)
    value = s.pick(None, 0.0, -np.inf if kind == "MaxPool" else 0.0)
    widths = [0, 0, s.pick(0, 1), 1, 0, 0, s.pick(1, 2), s.pick(0, 1)]
    if s.chance(0.15):
        widths[s.rng.randrange(8)] += s.pick(1, -1)
    p = s.pad(x, widths, value=value)
    k = s.pick(2, 3)
    attrs: dict[str, object] = {"strides": s.pick(None, [2, 2])}
    if kind == "AveragePool" and s.chance(0.5):
        attrs |= {"count_include_pad": s.pick(0, 1), "pads": s.pick(None, [1, 1, 1, 1])}
    s.keep(s.op(kind, p, kernel_shape=[k, k], **attrs))
    if s.chance(0.1):
        s.keep(p)


def pads(s: Sketch) -> None:
    x = s.any(1, 5)
    mode = s.pick("constant", "constant", "edge", "reflect", "reflect", "wrap" if s.opset >= 19 else "edge")
    widths = [s.pick(0, 0, 1, 2) for _ in range(2 * x.rank)]
    if s.chance(0.1):
        widths[s.rng.randrange(2 * x.rank)] = -1
    s.keep(s.pad(x, widths, mode, s.pick(None, 0.0, 1.5)))


def resize(s: Sketch) -> None:
    x = s.image(lambda v: v.shape[2] * v.shape[3] < 40, side=s.pick(2, 3, 4)) if s.chance(0.85) else s.any(1, 5)
    mode = s.pick("nearest", "nearest", "linear")
    factors = [1.0] * x.rank
    if x.rank >= 3:
        factors[2:] = (
            [float(s.pick(2, 2, 3, 4, 1)) for _ in range(x.rank - 2)]
            if s.chance(0.4)
            else [float(s.pick(2, 2, 3, 8))] * (x.rank - 2)
        )
    else:
        factors[-1] = 2.0
    if s.chance(0.1):
        factors[-1] = s.pick(1.5, 0.5)
    if s.opset < 10:
        s.keep(s.op("Upsample", x, s.const(factors, np.float32), mode=mode))
    elif s.opset < 11:
        s.keep(s.op("Resize", x, s.const(factors, np.float32), mode=mode))
    else:
        attrs: dict[str, object] = {"mode": mode}
        if s.chance(0.8):
            attrs["coordinate_transformation_mode"] = s.pick(
                "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"
            )
        if mode == "nearest" and s.chance(0.8):
            attrs["nearest_mode"] = s.pick("floor", "round_prefer_floor", "ceil", "round_prefer_ceil")
        roi = None if s.opset >= 13 else s.const([], np.float32)
        if s.chance(0.5):
            s.keep(s.op("Resize", x, roi, s.const(factors, np.float32), **attrs))
        else:
            to = [int(d * f) for d, f in zip(x.shape, factors, strict=True)]
            empty = None if s.opset >= 13 else s.const([], np.float32)
            s.keep(s.op("Resize", x, roi, empty, s.const(to), **attrs))


def blocks(s: Sketch) -> None:
    if s.chance():
        x = s.image(lambda v: v.shape[1] % 4 == 0, channels=s.pick(4, 8))
        s.keep(s.op("DepthToSpace", x, blocksize=2, mode=s.pick("DCR", "CRD") if s.opset >= 11 else None))
    else:
        x = s.image(lambda v: v.shape[2] % 2 == 0 and v.shape[3] % 2 == 0, side=4)
        s.keep(s.op("SpaceToDepth", x, blocksize=2))


MOTIFS = (
    any_pool, any_pool, any_pool, any_pool, large_pool, large_pool, global_pool, global_pool, pad_pool, pad_pool,
    pads, pads, resize, resize, resize, resize, blocks,
)  # fmt: skip
