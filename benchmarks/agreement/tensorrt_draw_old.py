"""How operators are drawn as they were below opset 13: with axes, sizes and bounds as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.agreement.tensorrt_draw import Draw, Maker, some

__all__ = ["MAKERS"]


def _clip(d: Draw) -> dict[str, Any]:
    d.tensor(d.shape(d.one(1, 2, 4)))
    return some(d, min=(0.0, -1.0), max=(6.0, 1.0))


def _pad(d: Draw) -> dict[str, Any]:
    rank = d.one(2, 4, 4)
    d.tensor([max(4, s) for s in d.shape(rank)])
    pads = [d.one(0, 0, 1, 2) for _ in range(2 * rank)]
    return {"pads": pads, **some(d, mode=("constant", "reflect", "edge"), value=(0.0, 1.0))}


def _slice(d: Draw) -> dict[str, Any]:
    d.tensor([4, 6, 8])
    axes = d.one([0], [1], [2], [0, 2])
    ends = [d.one(2, 4, 2**31 - 1, -1) for _ in axes]
    return {"axes": axes, "starts": [d.one(0, 1, -3) for _ in axes], "ends": ends}


def _squeeze(d: Draw) -> dict[str, Any]:
    d.tensor([1, 3, 1, 4])
    return some(d, axes=([0], [2], [0, 2]))


def _unsqueeze(d: Draw) -> dict[str, Any]:
    d.tensor(d.shape(d.one(1, 2, 3)))
    return {"axes": d.one([0], [1], [0, 1])}


def _split(d: Draw) -> dict[str, Any]:
    d.tensor([4, 6])
    axis = d.one(0, 1)
    return {"axis": axis, "_outputs": 2, **some(d, split=([[1, 3], [2, 4]][axis],))}


def _reduce(d: Draw) -> dict[str, Any]:
    rank = d.one(1, 2, 3, 4)
    d.tensor(d.shape(rank))
    axes = sorted(d.dice.sample(range(rank), d.dice.randint(1, rank)))
    return some(d, axes=(axes,), keepdims=(0, 1))


def _topk(d: Draw) -> dict[str, Any]:
    d.tensor(d.one([3, 20], [2, 3, 20]))
    return {"k": d.one(1, 5), "axis": -1, "_outputs": 2}


def _dropout(d: Draw) -> dict[str, Any]:
    d.tensor(d.shape(2))
    return {"_outputs": d.one(1, 2), **some(d, ratio=(0.5,))}


def _upsample(d: Draw) -> dict[str, Any]:
    d.tensor([1, 3, 4, 6])
    d.tensor([4], "FLOAT", 0.9, np.array(d.one([1, 1, 2, 2], [1, 1, 3, 2], [1, 2, 2, 2], [2, 2, 2, 2])))
    return some(d, mode=("nearest", "linear"))


def _upsample_7(d: Draw) -> dict[str, Any]:
    d.tensor([1, 3, 4, 6])
    return {"scales": [1.0, 1.0, 2.0, d.one(1.0, 2.0)], **some(d, mode=("nearest", "linear"))}


def _resize_10(d: Draw) -> dict[str, Any]:
    d.tensor([1, 3, 4, 6])
    d.tensor([4], "FLOAT", 0.9, np.array(d.one([1, 1, 2, 2], [1, 1, 0.5, 0.5], [1, 2, 2, 2])))
    return some(d, mode=("nearest", "linear"))


def _scatter(d: Draw) -> dict[str, Any]:
    d.tensor([3, 4])
    d.tensor([2, 4], d.one("INT64", "INT32"), 0.4, np.ones((2, 4)))
    d.tensor([2, 4], const=0.3)
    return some(d, axis=(0,))


MAKERS: Mapping[str, tuple[Maker, ...]] = {
    "Clip": (_clip,),
    "Dropout": (_dropout,),
    "Pad": (_pad,),
    "ReduceL2": (_reduce,),
    "ReduceMax": (_reduce,),
    "ReduceMean": (_reduce,),
    "ReduceSum": (_reduce,),
    "Resize": (_resize_10,),
    "Scatter": (_scatter,),
    "Slice": (_slice,),
    "Split": (_split,),
    "Squeeze": (_squeeze,),
    "TopK": (_topk,),
    "Unsqueeze": (_unsqueeze,),
    "Upsample": (_upsample, _upsample_7),
}
"""Operator to the ways in which it is drawn."""
