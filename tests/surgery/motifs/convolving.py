"""Convolutions and what folds into them."""

from __future__ import annotations

from tests.surgery.sketch import Sketch, Value


def conv(
    s: Sketch,
    x: Value,
    outs: int = 0,
    kernel: tuple[int, ...] | None = None,
    *,
    groups: int = 1,
    bias: bool | None = None,
    same: bool = False,
    plain: bool = False,
) -> Value:
    """A Conv over any number of axes; with `plain` no strides, dilations or padding."""
    spatial = x.rank - 2
    kernel = kernel or tuple(s.pick(1, 1, 2, 3, 3, 5) for _ in range(spatial))
    outs = outs or groups * s.pick(1, 2, 3)
    w = s.weight(outs, x.shape[1] // groups, *kernel, scale=0.5)
    b = [s.weight(outs)] if (s.chance() if bias is None else bias) else []
    attrs: dict[str, object] = {"group": groups if groups > 1 or s.chance(0.2) else None}
    if s.chance(0.5):
        attrs["kernel_shape"] = list(kernel)
    if same:
        half = [(k - 1) // 2 for k in kernel]
        attrs["pads"] = [*half, *(k - 1 - h for k, h in zip(kernel, half, strict=True))]
    elif not plain:
        how = s.pick("none", "even", "odd", "auto", "zero")
        if how == "even":
            attrs["pads"] = [s.pick(0, 1, 2)] * (2 * spatial)
        elif how == "odd":
            attrs["pads"] = [s.pick(0, 1, 2, 3) for _ in range(2 * spatial)]
        elif how == "zero":
            attrs["pads"] = [0] * (2 * spatial)
        elif how == "auto":
            attrs["auto_pad"] = s.pick("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")
        if s.chance(0.25):
            attrs["strides"] = [s.pick(1, 2)] * spatial if s.chance(0.7) else [s.pick(1, 2, 3) for _ in range(spatial)]
        if s.chance(0.25):
            attrs["dilations"] = [s.pick(1, 2, 3)] * spatial if s.chance() else [s.pick(1, 2) for _ in range(spatial)]
    return s.op("Conv", x, w, *b, **attrs)


def any_conv(s: Sketch) -> None:
    x = s.image()
    groups = s.pick(1, 1, 1, x.shape[1], *(g for g in (2, 3, 4) if x.shape[1] % g == 0))
    s.keep(conv(s, x, groups=groups))


def deconv(s: Sketch, x: Value, plain: bool = False) -> Value:
    spatial = x.rank - 2
    groups = s.pick(1, 1, *(g for g in (2, x.shape[1]) if x.shape[1] % g == 0))
    kernel = tuple(s.pick(1, 2, 2, 3, 4) for _ in range(spatial))
    outs = s.pick(1, 2, 3)
    attrs: dict[str, object] = {"group": groups if groups > 1 else None}
    stride = s.pick(1, 2, 2, 3)
    strides = [stride] * spatial if s.chance(0.8) else [s.pick(1, 2) for _ in range(spatial)]
    attrs["strides"] = strides
    if not plain:
        if s.chance(0.5):
            attrs["pads"] = (
                [s.pick(0, 1)] * (2 * spatial) if s.chance() else [s.pick(0, 1, 2) for _ in range(2 * spatial)]
            )
        if s.chance(0.2):
            attrs["output_padding"] = [s.rng.randrange(d) for d in strides]
        if s.chance(0.1):
            attrs["dilations"] = [s.pick(1, 2)] * spatial
        if s.chance(0.1):
            attrs["auto_pad"] = s.pick("SAME_UPPER", "VALID")
    b = [s.weight(outs * groups)] if s.chance() else []
    return s.op("ConvTranspose", x, s.weight(x.shape[1], outs, *kernel, scale=0.5), *b, **attrs)


def any_deconv(s: Sketch) -> None:
    s.keep(deconv(s, s.image()))


def normalized(s: Sketch, x: Value) -> Value:
    """A BatchNormalization."""
    c = x.shape[1]
    given = [s.weight(c), s.weight(c), s.weight(c), s.weight(c, positive=True)]
    return s.op("BatchNormalization", x, *given, epsilon=s.pick(None, 1e-3, 1e-2))


def affine(s: Sketch, x: Value, axis: int = 1, kinds: tuple[str, ...] = ("Mul", "Div", "Add", "Sub")) -> Value:
    """One arithmetic op with a number, or one number a channel; sometimes along another axis, or the wrong way."""
    kind = s.pick(*kinds)
    c = x.shape[axis]
    how = s.pick("one", "channel", "channel", "whole", "wrong")
    if how == "one":
        m = s.number(s.pick(0.5, 2.0, -1.5, 0.125, 3.0), x.rank)
    else:
        shape = [1] * x.rank
        shape[axis if how != "wrong" else s.rng.randrange(x.rank)] = c
        if how == "wrong":
            shape = [d if n != 1 else 1 for n, d in zip(shape, x.shape, strict=True)]
        if how == "channel" and axis > 0:
            shape = shape[s.pick(0, axis) :]
        m = s.weight(*shape, positive=kind == "Div" or s.chance(0.3))
    return s.op(kind, m, x) if s.chance(0.35 if kind in ("Mul", "Add") else 0.1) else s.op(kind, x, m)


def conv_bn(s: Sketch) -> None:
    x = s.image()
    c = deconv(s, x) if s.chance(0.25) else conv(s, x, groups=s.pick(1, x.shape[1]))
    s.keep(normalized(s, c))
    if s.chance(0.1):
        s.keep(c)


def conv_affine(s: Sketch) -> None:
    x = s.image()
    c = deconv(s, x) if s.chance(0.25) else conv(s, x, groups=s.pick(1, x.shape[1]))
    for _ in range(s.pick(1, 1, 2)):
        c = affine(s, c)
    s.keep(c)


def affine_conv(s: Sketch) -> None:
    x = affine(s, s.image())
    s.keep(conv(s, x, groups=s.pick(1, x.shape[1]), plain=s.chance(0.6)))


def bn_conv(s: Sketch) -> None:
    x = normalized(s, s.image())
    s.keep(conv(s, x, groups=s.pick(1, x.shape[1]), plain=s.chance(0.6)))


def bn_alone(s: Sketch) -> None:
    x = s.any(2, 5)
    if x.rank >= 2:
        s.keep(normalized(s, x))


def pad_conv(s: Sketch) -> None:
    x = s.image()
    widths = [0, 0, s.pick(0, 1, 2), s.pick(0, 1), 0, 0, s.pick(0, 1, 3), s.pick(0, 1)]
    if s.chance(0.15):
        widths[s.rng.randrange(8)] += s.pick(1, -1)
    p = s.pad(
        x,
        widths,
        s.pick("constant", "constant", "constant", "constant", "reflect", "edge"),
        s.pick(None, 0.0, 0.0, 1.0),
    )
    s.keep(conv(s, p))
    if s.chance(0.1):
        s.keep(p)


def tiny_image(s: Sketch) -> None:
    x = s.image(side=s.pick(1, 2))
    k = s.pick(3, 5)
    w = s.weight(s.pick(1, 2, 4), x.shape[1], k, k)
    d = s.pick(1, 1, 2, 4)
    s.keep(s.op("Conv", x, w, pads=[d * (k // 2)] * 4, dilations=[d, d]))


def branches(s: Sketch) -> None:
    x = s.image()
    c = x.shape[1]
    groups = s.pick(1, 1, c)
    stride = s.pick(1, 1, 1, 2)
    terms = []
    for _ in range(s.pick(2, 3)):
        k = s.pick((1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2))
        w = s.weight(c, c // groups, *k, scale=0.5)
        b = [s.weight(c)] if s.chance() else []
        half = [(n - 1) // 2 for n in k]
        pads = [*half, *(n - 1 - h for n, h in zip(k, half, strict=True))]
        made = s.op("Conv", x, w, *b, pads=pads, strides=[stride, stride], group=groups)
        terms.append(normalized(s, made) if s.chance(0.3) else made)
    if stride == 1 and s.chance(0.7):
        terms.append(s.pick(lambda: x, lambda: normalized(s, x), lambda: affine(s, x))())
    s.rng.shuffle(terms)
    if s.chance(0.3):
        s.keep(s.op("Sum", *terms))
        return
    total = terms[0]
    for term in terms[1:]:
        total = s.both("Add", total, term)
    s.keep(total)


def pointwise(s: Sketch) -> None:
    x = s.image()
    if s.chance(0.6):
        a = conv(s, x, s.pick(x.shape[1], 8), (1, 1), bias=s.chance(), plain=True)
        k = s.pick((1, 1), (3, 3), (2, 2))
        s.keep(conv(s, a, s.pick(1, 2), k, bias=s.chance(), plain=s.chance()))
    else:
        a = conv(s, x, 8, s.pick((3, 3), (1, 1)))
        s.keep(conv(s, a, s.pick(1, 2, 8), (1, 1), plain=s.chance(0.8)))
    if s.chance(0.1):
        s.keep(a)


def concat_conv(s: Sketch) -> None:
    x = s.image()
    more = [s.input((x.shape[0], s.pick(1, 2, 3), *x.shape[2:])) for _ in range(s.pick(1, 2))]
    parts = [x, *more]
    s.rng.shuffle(parts)
    s.keep(conv(s, s.concat(parts, s.pick(1, 1, 1, -3) if s.opset >= 11 else 1)))


def signal(s: Sketch) -> None:
    """Convolutions and pools of one axis."""
    x = s.take(lambda: (s.batch, s.pick(2, 3, 4), s.pick(5, 7, 8)), lambda v: v.rank == 3 and v.shape[2] >= 3)
    for _ in range(s.pick(1, 2, 3)):
        how = s.pick("conv", "conv", "deconv", "pool", "norm", "act")
        if how == "conv":
            x = conv(s, x)
        elif how == "deconv":
            x = deconv(s, x)
        elif how == "pool":
            x = s.op(s.pick("MaxPool", "AveragePool"), x, kernel_shape=[2], strides=[s.pick(1, 2)])
        elif how == "norm":
            x = normalized(s, x)
        else:
            x = s.op(s.pick("Relu", "Sigmoid", "Tanh"), x)
    s.keep(x)


def volume(s: Sketch) -> None:
    """Convolutions of three axes."""
    x = s.take(lambda: (s.batch, s.pick(1, 2, 3), s.pick(2, 3, 4), 4, s.pick(3, 5)), lambda v: v.rank == 5)
    kernel = s.pick((3, 3, 3), (1, 3, 3), (3, 1, 1), (2, 2, 2), (1, 1, 1))
    made = conv(s, x, 0, kernel, same=s.chance(0.3))
    s.keep(normalized(s, made) if s.chance(0.3) else made)


def dilated(s: Sketch) -> None:
    x = s.image(side=s.pick(6, 7, 8))
    d = s.pick(2, 2, 3, 4)
    k = s.pick(2, 3, 3)
    both = [d, d] if s.chance(0.7) else [1, d]
    pads = [e * (k - 1) // 2 for e in both] * 2 if s.chance(0.7) else [s.pick(0, 1, 2) for _ in range(4)]
    groups = s.pick(1, 1, x.shape[1])
    w = s.weight(groups * s.pick(1, 2), x.shape[1] // groups, k, k)
    s.keep(s.op("Conv", x, w, dilations=both, pads=pads, group=groups, strides=s.pick(None, None, [2, 2])))


def large_kernel(s: Sketch) -> None:
    x = s.image(channels=s.pick(1, 2), side=s.pick(7, 12))
    k = s.pick((9, 9), (1, 11), (13, 3), (1, 15), (31, 1))
    groups = s.pick(1, x.shape[1])
    w = s.weight(groups * s.pick(1, 2), x.shape[1] // groups, *k, scale=0.3)
    pads = [k[0] // 2, k[1] // 2] * 2
    if s.chance(0.3):
        pads = [p + s.pick(0, 1) for p in pads]
    b = [s.weight(w.shape[0])] if s.chance() else []
    s.keep(s.op("Conv", x, w, *b, pads=pads, group=groups, strides=s.pick(None, None, [2, 1])))


def stem(s: Sketch) -> None:
    x = s.image(channels=s.pick(1, 2, 3), side=s.pick(6, 8, 12))
    d = s.pick(2, 2, 3, 4)
    k = s.pick(d, 3, 4, 7)
    b = [s.weight(8)] if s.chance() else []
    pads = [s.pick(0, k // 2, (k - 1) // 2)] * 4 if s.chance(0.7) else [s.pick(0, 1, 2) for _ in range(4)]
    s.keep(s.op("Conv", x, s.weight(8, x.shape[1], k, k, scale=0.3), *b, strides=[d, d], pads=pads))


def strided_pointwise(s: Sketch) -> None:
    x = s.image()
    groups = s.pick(1, 1, x.shape[1])
    w = s.weight(groups * s.pick(1, 2, 4), x.shape[1] // groups, 1, 1)
    s.keep(
        s.op(
            "Conv",
            x,
            w,
            strides=s.pick([2, 2], [1, 2], [3, 3]),
            group=groups,
            pads=s.pick(None, None, [0] * 4, [1] * 4),
        )
    )


def parallel(s: Sketch) -> None:
    """Convolutions of the parts of a tensor, joined again."""
    each, count = s.pick(1, 2), s.pick(2, 3)
    x = s.image(channels=each * count)
    if s.chance(0.7):
        parts = s.split(x, 1, [each] * count)
    else:
        parts = [s.slice(x, [1], [i * each], [(i + 1) * each]) for i in range(count)]
    if s.chance(0.15):
        s.rng.shuffle(parts)
    k, outs, bias = s.pick((1, 1), (3, 3)), s.pick(1, 2), s.chance()
    pads = s.pick([0] * 4, [1] * 4)
    made = []
    for part in parts:
        b = [s.weight(outs)] if bias else []
        made.append(s.op("Conv", part, s.weight(outs, each, *k), *b, pads=pads))
    s.keep(s.concat(made, 1))


def grouped(s: Sketch) -> None:
    g, each = s.pick(2, 3, 4), 2
    x = s.image(channels=g * each)
    if s.chance(0.3):
        w = s.weight(g * each, s.pick(1, 2, 3), 2, 2)
        s.keep(s.op("ConvTranspose", x, w, group=g, strides=[2, 2]))
    else:
        s.keep(conv(s, x, g * s.pick(1, 2), s.pick((1, 1), (3, 3)), groups=g))


def frames(s: Sketch) -> None:
    """A wide kernel that strides over a signal."""
    c, length = s.pick(1, 2, 3), s.pick(20, 27, 32)
    k, stride = s.pick(9, 10, 11, 16), s.pick(3, 4, 5, 8)
    high = s.chance(0.4)
    x = s.input((s.batch, c, 1, length) if high else (s.batch, c, length))
    w = s.weight(s.pick(2, 3), c, *([1] if high else []), k)
    b = [s.weight(w.shape[0])] if s.chance() else []
    s.keep(s.op("Conv", x, w, *b, strides=[1, stride] if high else [stride]))


def computed_weights(s: Sketch) -> None:
    """A convolution whose weights the model computes, or that are moved first."""
    x = s.image()
    w = (
        s.transpose(s.weight(3, x.shape[1], 1, 1), s.pick([0, 1, 2, 3], [1, 0, 2, 3]))
        if s.chance()
        else s.input((2, x.shape[1], 1, 1))
    )
    s.keep(s.op("Conv", x, w))


MOTIFS = (
    any_conv, any_deconv, any_deconv, conv_bn, conv_bn, conv_affine, conv_affine, affine_conv, bn_conv, bn_alone,
    pad_conv, pad_conv, tiny_image, branches, branches, pointwise, pointwise, concat_conv, signal, volume, dilated,
    large_kernel, stem, strided_pointwise, parallel, grouped, frames, computed_weights,
)  # fmt: skip
