"""Ops written in TFLite already: the domain `tflite` in ONNX text, as rule rows show what no ONNX op becomes."""

from __future__ import annotations

from dataclasses import replace

from edgeplan.graph import Op
from edgeplan.lower.builder import Builder
from edgeplan.tflite_ops import tflite_schema

__all__ = ["keep_tflite"]


def keep_tflite(op: Op, b: Builder) -> bool:
    """The op without its domain, its ports named in the schema's order; False for one the schema does not list.

    Options that are not written have their defaults; an input may be left out as in `(x, , w)`. The op's version is
    that of its domain's import: `<opset_import: ["" : 18, "tflite" : 2]>`.

    Before: `y = tflite.CONV_2D <stride_h = 1, stride_w = 1> (x, w, b)`
    After:  `y = CONV_2D(input=x, filter=w, bias=b, stride_h=1, stride_w=1, padding="SAME", ...)`
    """
    schema = tflite_schema()
    known = schema.ops.get(op.type)
    slots = [int(port.removeprefix("input")) for port in op.ports]
    ports = known.ports(max(slots, default=-1) + 1, op.attrs) if known else None
    if ports is None:
        return False
    named: dict[str, list[str]] = {}
    for slot, name in zip(slots, op.inputs, strict=True):
        named.setdefault(ports[slot], []).append(name)
    b.emit(op.type, named, to=op.outputs, attrs=schema.attributes(op.type, op.attrs), bodies=op.bodies)
    b.ops[-1] = replace(b.ops[-1], version=op.version)
    return True
