"""Linear layers, attention, and Einsum."""

from __future__ import annotations

import numpy as np

from tests.surgery.motifs.convolving import affine, normalized
from tests.surgery.sketch import Refused, Sketch, Value


def linear(s: Sketch, x: Value, outs: int = 0, bias: bool | None = None) -> Value:
    """A linear layer over the last axis: a Gemm, or a MatMul and mostly an Add."""
    ins, outs = x.shape[-1], outs or s.pick(2, 3, 4, 8)
    has_bias = s.chance(0.7) if bias is None else bias
    if x.rank == 2 and s.chance(0.5):
        return gemm(s, x, outs, has_bias)
    w = s.weight(ins, outs)
    if s.chance(0.1):
        w = s.transpose(s.weight(outs, ins), [1, 0])
    made = s.op("MatMul", x, w)
    if not has_bias:
        return made
    return s.both("Add", made, s.weight(*s.pick((outs,), (outs,), (1, outs), (1,), (1, 1, outs)[: x.rank])))


def gemm(s: Sketch, x: Value, outs: int, bias: bool) -> Value:
    ins = x.shape[-1]
    turned = s.chance()
    w = s.weight(outs, ins) if turned else s.weight(ins, outs)
    first = s.chance(0.15)
    if first:
        x = s.transpose(x, [1, 0])
    b = [s.weight(*s.pick((outs,), (1, outs), (1,), ()))] if bias else []
    attrs = {"transB": int(turned) if turned or s.chance(0.3) else None, "transA": 1 if first else None}
    if s.chance(0.25):
        attrs |= {"alpha": s.pick(0.5, 2.0, 1.0), "beta": s.pick(1.0, 0.25, 3.0)}
    return s.op("Gemm", x, w, *b, **attrs)


def layer(s: Sketch) -> None:
    s.keep(linear(s, s.rows()))


def layers(s: Sketch) -> None:
    """Two layers, mostly with nothing between."""
    h = linear(s, s.rows(), s.pick(2, 6, 8))
    if s.chance(0.3):
        h = s.op(s.pick("Relu", "Sigmoid"), h)
    s.keep(linear(s, h, s.pick(1, 2, 3)))
    if s.chance(0.1):
        s.keep(h)


def linear_affine(s: Sketch) -> None:
    h = linear(s, s.rows())
    for _ in range(s.pick(1, 2)):
        h = affine(s, h, h.rank - 1)
    s.keep(h)


def linear_bn(s: Sketch) -> None:
    x = s.rows(s.pick(2, 2, 3))
    h = linear(s, x)
    if h.rank == 2:
        s.keep(normalized(s, h))
    elif s.chance():
        s.keep(s.transpose(normalized(s, s.transpose(h, [0, 2, 1])), [0, 2, 1]))
    else:
        flat = s.reshape(h, [-1, h.shape[2]])
        s.keep(s.op("Reshape", normalized(s, flat), s.const([-1, *h.shape[1:]])))


def gemm_around_reshape(s: Sketch) -> None:
    x = s.rows(3)
    flat = s.op("Reshape", x, s.const([-1, x.shape[2]]))
    h = gemm(s, flat, s.pick(2, 4), s.chance())
    s.keep(s.op("Reshape", h, s.const([-1, x.shape[1], h.shape[1]])))


def add_behind_reshape(s: Sketch) -> None:
    x = s.rows(2)
    outs = s.pick(2, 4)
    h = s.op("MatMul", x, s.weight(x.shape[1], outs))
    view = s.op("Reshape", h, s.const(s.pick([-1, 1, outs], [1, -1, outs], [0, outs, 1])))
    s.keep(s.both("Add", view, s.weight(s.pick(outs, 1))))


def scaled_rows(s: Sketch) -> None:
    """A scale before a layer."""
    x = s.rows()
    s.keep(linear(s, affine(s, x, x.rank - 1, ("Mul", "Div", "Mul"))))


def scale_behind_moves(s: Sketch) -> None:
    x = s.rows(3)
    heads, each = s.pick(1, 2), s.pick(2, 3)
    h = linear(s, x, heads * each)
    t = s.transpose(s.reshape(h, [*x.shape[:2], heads, each]), [0, 2, 1, 3])
    s.keep(s.op(s.pick("Mul", "Div"), t, s.number(s.pick(0.125, 0.5, 3.0), 4)))


def attention(s: Sketch) -> None:
    b, heads, n, d = s.batch, s.pick(1, 2), s.pick(3, 4), s.pick(2, 4)
    x = s.take(lambda: (b, n, heads * d), lambda v: v.shape == (b, n, heads * d))
    if s.chance(0.5):
        q, k, v = packed_heads(s, x, heads, d)
    else:
        q, k, v = (s.transpose(s.reshape(linear(s, x, heads * d), [b, n, heads, d]), [0, 2, 1, 3]) for _ in range(3))
    k = s.transpose(k, [0, 1, 3, 2])
    scores = s.op("MatMul", q, k)
    if s.chance(0.8):
        kind = s.pick("Mul", "Div")
        number = s.number(d**-0.5 if kind == "Mul" else d**0.5, 4)
        scores = s.op(kind, scores, number)
    if s.chance(0.5):
        scores = masked(s, scores)
    y = s.op("MatMul", s.op("Softmax", scores, axis=s.pick(-1, 3) if s.opset >= 11 else 3), v)
    s.keep(s.op("Reshape", s.transpose(y, [0, 2, 1, 3]), s.const([b, n, heads * d])))


def packed_heads(s: Sketch, x: Value, heads: int, d: int) -> list[Value]:
    b, n = x.shape[:2]
    a = s.op("Reshape", linear(s, x, 3 * heads * d), s.const(s.pick([b, n, 3, heads, d], [-1, n, 3, heads, d])))
    if s.chance(0.2):
        t = s.transpose(a, [0, 3, 2, 1, 4])
        return [s.squeeze(p, 2) for p in s.split(t, 2, [1, 1, 1])]
    t = s.transpose(a, [2, 0, 3, 1, 4])
    if s.chance(0.3):
        return [s.squeeze(p, 0) for p in s.split(t, 0, [1, 1, 1])]
    return [s.op("Gather", t, s.const(i), axis=0) for i in range(3)]


def masked(s: Sketch, scores: Value) -> Value:
    """Scores some of which are put out of play, at least one a row staying in it."""
    n = scores.shape[-1]
    mask = np.triu(np.ones((scores.shape[-2], n), bool), 1)
    low = float(s.pick(-np.inf, -3.4e38, -1e9, -1e4))
    if scores.array.dtype == np.float16 and np.isfinite(low):
        low = -6e4
    how = s.pick("where", "add", "made", "input")
    if how == "add":
        return s.op("Add", scores, s.const(np.where(mask, low, 0.0), scores.array.dtype))
    condition = s.const(mask, bool)
    if how == "input":
        condition = s.op("Cast", s.const(mask.astype(np.float32), np.float32), to=9)
    number = s.const(np.full(s.pick((), (1,)), low), scores.array.dtype)
    if how == "where":
        return s.op("Where", condition, number, scores)
    zero = s.const(0.0, scores.array.dtype)
    return s.op("Add", scores, s.op("Where", condition, number, zero))


def scores(s: Sketch) -> None:
    """A product of two computed operands, scaled."""
    x = s.rows(3)
    y = s.op("MatMul", x, s.transpose(s.input(x.shape), [0, 2, 1]))
    s.keep(s.op(s.pick("Mul", "Div", "Mul"), y, s.number(s.pick(0.25, 4.0, 0.5), 3)))


def masked_softmax(s: Sketch) -> None:
    x = s.take(lambda: (s.batch, s.pick(3, 4), s.pick(3, 4)), lambda v: v.rank in (3, 4) and 1 < v.shape[-1] < 9)
    s.keep(s.op("Softmax", masked(s, x), axis=x.rank - 1))


_EQUATIONS = (
    ("bchq,bkhc->bkhq", (2, 3, 2, 4), (2, 5, 2, 3)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
    ("ij,jk->ik", (3, 4), (4, 2)),
    ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("ij->ji", (3, 4), None),
    ("bij,bij->bij", (2, 3, 4), (2, 3, 4)),
    ("i,j->ij", (3,), (4,)),
    ("bnd,d->bn", (2, 3, 4), (4,)),
    ("abc,cd->abd", (2, 3, 4), (4, 5)),
    ("ii->i", (3, 3), None),
    ("bthd,hde->bte", (2, 3, 2, 4), (2, 4, 5)),
    ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 3)),
    ("ij,kl->ijkl", (2, 3), (2, 2)),
    ("bij,bkj->bik", (1, 3, 4), (1, 5, 4)),
    ("ij,ij->", (3, 4), (3, 4)),
    ("bnhwc,bnhwc->bnhw", (1, 2, 2, 2, 3), (1, 2, 2, 2, 3)),
)


def einsum(s: Sketch) -> None:
    equation, a, b = s.pick(*_EQUATIONS)
    if s.chance(0.3):
        equation = equation.replace(",", " , ").replace("->", " -> ")
    operands = [s.take(lambda: a, lambda v: v.shape == a)]
    if b is not None:
        operands.append(s.weight(*b) if s.chance(0.3) else s.take(lambda: b, lambda v: v.shape == b))
    if s.opset < 12:
        raise Refused("Einsum came with 12")
    s.keep(s.op("Einsum", *operands, equation=equation))


def deep_product(s: Sketch) -> None:
    """MatMul, Softmax and the like on five and six axes."""
    lead = s.pick((1, 4), (2, 3), (1, 2, 2), (2, 1, 3))
    x = s.take(lambda: (*lead, 3, 4), lambda v: v.rank in (5, 6))
    y = x
    if s.chance(0.7):
        w = s.weight(y.shape[-1], 3) if s.chance(0.5) else s.input((*y.shape[:-2], y.shape[-1], 3))
        y = s.op("MatMul", y, w)
    if s.chance(0.6):
        spread = [d if s.chance(0.6) else 1 for d in y.shape]
        y = s.both(s.pick("Add", "Mul"), y, s.weight(*spread) if s.chance() else s.input(spread))
    if s.chance(0.6):
        y = s.op("Softmax", y, axis=s.pick(-1, y.rank - 1)) if s.opset >= 13 else s.op("Softmax", y, axis=y.rank - 1)
    if s.chance(0.4):
        y = s.op(s.pick("Relu", "Sigmoid", "Tanh"), y)
    s.keep(y)


def mlp(s: Sketch) -> None:
    x = s.rows(s.pick(3, 4))
    h = linear(s, x)
    h = s.pick(
        lambda: h, lambda: s.op("Relu", h), lambda: s.op("Mul", h, s.op("Sigmoid", h)), lambda: affine(s, h, h.rank - 1)
    )()
    y = linear(s, h, x.shape[-1])
    s.keep(s.both("Add", x, y) if s.chance() else y)


MOTIFS = (
    layer, layers, layers, linear_affine, linear_affine, linear_bn, linear_bn, gemm_around_reshape,
    add_behind_reshape, scaled_rows, scale_behind_moves, attention, attention, attention, scores, scores,
    masked_softmax, masked_softmax, einsum, einsum, deep_product, deep_product, mlp,
)  # fmt: skip
