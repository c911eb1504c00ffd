"""How the inputs and attributes of layers are drawn: windows, norms, recurrence, attention, quantization."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.agreement.tensorrt_draw import Draw, Maker, some

__all__ = [
    "attention",
    "average_pool",
    "batch_norm",
    "block",
    "conv",
    "deconv",
    "depth_to_space",
    "dequantize",
    "grid_sample",
    "group_norm",
    "image",
    "instance_norm",
    "layer_norm",
    "lp_pool",
    "lrn",
    "pool",
    "prelu",
    "quantize",
    "recurrent",
    "resize",
    "rms_norm",
    "rotary",
    "window",
]


def window(d: Draw, n: int, wide: bool = False) -> dict[str, Any]:
    """Inputs and attributes of window."""
    kernel = [d.one(1, 2, 3, 3, 5) for _ in range(n)]
    attrs: dict[str, Any] = {"kernel_shape": kernel}
    attrs |= some(d, strides=([1] * n, [2] * n, [d.one(1, 2, 3) for _ in range(n)]))
    if d.chance(0.3):
        attrs["dilations"] = d.one([1] * n, [2] * n)
    if d.chance(0.2):
        attrs["auto_pad"] = d.one("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")
    elif d.chance(0.6):
        attrs["pads"] = [d.one(0, 1, 1, 2, *((3, 5) if wide else ())) for _ in range(2 * n)]
    return attrs


def conv(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of conv."""
    n = d.one(1, 2, 2, 2, 3, 4)
    attrs, group = window(d, n), d.one(1, 1, 1, 2, 4)
    d.tensor([d.one(1, 2), 4, *(d.one(8, 9, 12) for _ in range(n))])
    d.tensor([8, 4 // group, *attrs["kernel_shape"]], const=0.85)
    if d.chance(0.5):
        d.tensor([8], const=0.9)
    return {**attrs, "group": group}


def deconv(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of deconv."""
    n = d.one(1, 2, 2, 2, 3)
    attrs, group = window(d, n), d.one(1, 1, 1, 2, 4)
    d.tensor([d.one(1, 2), 4, *(d.one(4, 6) for _ in range(n))])
    d.tensor([4, 8 // group, *attrs["kernel_shape"]], const=0.85)
    if d.chance(0.4):
        d.tensor([8], const=0.9)
    if d.chance(0.2) and "strides" in attrs:
        attrs["output_padding"] = [s - 1 for s in attrs["strides"]]
    return {**attrs, "group": group}


def pool(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of pool."""
    n = d.one(1, 2, 2, 2, 3, 4)
    d.tensor([1, d.one(1, 3, 4), *(d.one(8, 9, 12) for _ in range(n))])
    return {**window(d, n, wide=True), **some(d, ceil_mode=(0, 1))}


def lp_pool(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of lp pool."""
    return {**pool(d), **some(d, p=(1, 2, 2, 3))}


def average_pool(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of average pool."""
    return {**pool(d), **some(d, count_include_pad=(0, 1))}


def image(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of image."""
    d.tensor([d.one(1, 2), 4, *(d.one(4, 6, 8) for _ in range(d.one(1, 2, 2, 3)))])
    return {}


def resize(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of resize."""
    n = d.one(1, 2, 2, 2, 3)
    shape = [1, 3, *(d.one(4, 6, 8) for _ in range(n))]
    d.tensor(shape)
    d.gap()
    factor = [d.one(0.5, 1.5, 2.0, 2.0, 3.0) for _ in range(n)]
    whole = d.chance(0.85)
    if d.chance(0.6):
        scales = [1.0] * (2 if whole else 0) + factor
        d.tensor([len(scales)], "FLOAT", 0.97, np.array(scales))
    else:
        d.gap()
        d.ints(([1, 3] if whole else []) + [int(s * f) for s, f in zip(shape[2:], factor, strict=True)], 0.97)
    attrs = some(
        d,
        mode=("nearest", "linear", "cubic"),
        coordinate_transformation_mode=(
            "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric",
        ),
        nearest_mode=("round_prefer_floor", "floor", "ceil", "round_prefer_ceil"),
    )  # fmt: skip
    attrs |= {k: v for k, v in some(d, antialias=(0, 1), exclude_outside=(0, 1)).items() if d.chance(0.3)}
    return attrs if whole else {**attrs, "axes": list(range(2, 2 + n))}


def batch_norm(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of batch norm."""
    d.tensor([d.one(1, 2), 4, *(d.one(3, 5) for _ in range(d.one(0, 1, 2, 2, 3)))])
    for _ in range(4):
        d.tensor([4], const=0.9)
    return {"epsilon": 1e-3}


def instance_norm(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of instance norm."""
    d.tensor([d.one(1, 2), 4, *(d.one(3, 5) for _ in range(d.one(1, 2, 2, 3, 4)))])
    for _ in range(2):
        d.tensor([4], const=0.85)
    return {}


def layer_norm(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of layer norm."""
    axis = d.one(-1, -1, -2, 1)
    shape = [2, 4, 6]
    d.tensor(shape)
    d.tensor(shape[axis:], const=0.8)
    if d.chance(0.6):
        d.tensor(shape[axis:], const=0.8)
    outputs = d.one(1, 1, 1, 3)
    return {"axis": axis, **some(d, stash_type=(1,)), "_outputs": outputs}


def rms_norm(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of rms norm."""
    axis = d.one(-1, -1, -2, 1)
    shape = [2, 4, 6]
    d.tensor(shape)
    d.tensor(shape[axis:], const=0.8)
    return {"axis": axis}


def group_norm(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of group norm."""
    d.tensor([1, 8, *(d.one(3, 5) for _ in range(d.one(1, 2, 2, 3)))])
    for _ in range(2):
        d.tensor([8], const=0.85)
    return {"num_groups": d.one(1, 2, 4, 8)}


def lrn(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of lrn."""
    d.tensor([1, 8, 6, 6])
    return {"size": d.one(1, 3, 4, 5, 7), **some(d, alpha=(1e-3,), beta=(0.5, 0.75), bias=(1.0, 2.0))}


def recurrent(gates: int) -> Maker:
    """Inputs and attributes of recurrent."""

    def make(d: Draw) -> dict[str, Any]:
        attrs = some(d, direction=("forward", "reverse", "bidirectional"), layout=(0, 0, 1), clip=(1.0,))
        two, h = 2 if attrs.get("direction") == "bidirectional" else 1, 5
        d.tensor([3, 2, 4] if not attrs.get("layout") else [2, 3, 4])
        d.tensor([two, gates * h, 4], const=0.9)
        d.tensor([two, gates * h, h], const=0.9)
        if d.chance(0.6):
            d.tensor([two, 2 * gates * h], const=0.9)
            if d.chance(0.4):
                d.ints([3, 2], 0.4, "INT32")
        if gates == 4 and d.chance(0.15):
            attrs["input_forget"] = 1
        if gates == 3:
            attrs |= some(d, linear_before_reset=(0, 1))
        if d.chance(0.25):
            many = {1: 1, 3: 2, 4: 3}[gates]
            names = ("Relu", "Tanh", "Sigmoid", "HardSigmoid", "Softsign", "Elu", "ThresholdedRelu", "Affine")
            attrs["activations"] = (
                [d.one(*names) for _ in range(many)] * two
                if d.chance(0.7)
                else [d.one(*names) for _ in range(many * two)]
            )
        return {**attrs, "hidden_size": h, "_outputs": d.one(1, 2)}

    return make


def prelu(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of prelu."""
    d.tensor([1, 4, 5, 5])
    d.tensor(d.one([4, 1, 1], [1], [1, 4, 1, 1], [5]), const=0.8)
    return {}


def grid_sample(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of grid sample."""
    deep = d.chance(0.25)
    d.tensor([1, 2, 4, 4, 4] if deep else [1, 2, 4, 4])
    d.tensor([1, 3, 3, 3, 3] if deep else [1, 3, 3, 2], const=0.2)
    return some(
        d, mode=("linear", "nearest", "cubic"), padding_mode=("zeros", "border", "reflection"), align_corners=(0, 1)
    )


def attention(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of attention."""
    heads, kv, length = d.one((4, 4, 64), (4, 2, 64), (4, 4, 128), (2, 2, 1))
    width, flat = d.one(64, 64, 32, 8, 320), d.chance(0.3)
    for n in (heads, kv, kv):
        d.tensor([1, length, n * width] if flat else [1, n, length, width], const=0.05)
    if d.chance(0.4):
        d.tensor(d.one([length, length], [1, 1, length, length], [1, heads, length, length]), const=0.3)
    attrs = some(d, is_causal=(0, 1), scale=(0.1,), softcap=(0.0, 2.0))
    return {**attrs, "q_num_heads": heads, "kv_num_heads": kv} if flat else attrs


def rotary(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of rotary."""
    d.tensor([1, 4, 8, 16])
    positions = d.chance(0.5)
    for _ in range(2):
        d.tensor([32, 8] if positions else [1, 8, 8], const=0.6)
    if positions:
        d.tensor([1, 8], "INT64", 0.4, np.tile(np.arange(8), (1, 1)))
    return some(d, interleaved=(0, 1))


def quantize(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of quantize."""
    per = d.chance(0.4)
    d.tensor([4, 6])
    d.tensor([4] if per else [], d.kind, 0.9, np.full(4, 0.1) if per else np.array(0.1))
    if d.chance(0.7):
        kind = d.one("INT8", "INT8", "UINT8", "INT16")
        value = d.one(0, 0, 3)
        d.tensor([4] if per else [], kind, 0.95, np.full(4, value) if per else np.array(value))
    return {"axis": 0} if per else {}


def dequantize(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of dequantize."""
    per, kind = d.chance(0.4), d.one("INT8", "INT8", "UINT8", "INT32")
    d.tensor([4, 6], kind, 0.3, np.ones((4, 6)))
    d.tensor([4] if per else [], d.kind, 0.9, np.full(4, 0.1) if per else np.array(0.1))
    if d.chance(0.6):
        value = d.one(0, 0, 3)
        d.tensor([4] if per else [], kind, 0.95, np.full(4, value) if per else np.array(value))
    return {"axis": 0} if per else {}


def block(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of block."""
    d.tensor([1, 8, 4, 4])
    return {"blocksize": 2}


def depth_to_space(d: Draw) -> dict[str, Any]:
    """Inputs and attributes of depth to space."""
    return {**block(d), **some(d, mode=("DCR", "CRD"))}
