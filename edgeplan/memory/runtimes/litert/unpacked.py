"""Weights that XNNPACK's delegate holds a second time because the file stores them in another form.

Source: google-ai-edge/LiteRT@f67457790, tflite/delegates/xnnpack/xnnpack_delegate.cc, Delegate::PrepareOpsToDelegate:
"Prepare to unpack" half-precision, 8-bit and sparse tensors. Half-precision weights that only matrix products and
convolutions read are not unpacked, XNNPACK packs them from the file.
"""

from __future__ import annotations

from edgeplan.graph import DType, Graph, Op

__all__ = ["unpacked"]


def unpacked(graph: Graph, op: Op) -> int:
    """Bytes that an op which unpacks a weight leaves in memory as long as the delegate lasts; 0 for every other op."""
    if op.label not in ("DENSIFY", "DEQUANTIZE") or not (op.inputs and op.outputs):
        return 0
    if not graph.values[op.inputs[0]].const:
        return 0
    stored, made = graph.values[op.inputs[0]].dtype, op.outputs[0]
    if op.label == "DEQUANTIZE" and stored is DType.FLOAT16 and _packed_alone(graph, made):
        return 0
    return graph.values[made].bytes or 0


_PACKING = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def _packed_alone(graph: Graph, name: str) -> bool:
    readers = [graph.ops[i] for i in graph.consumers.get(name, ())]
    return all(op.label in _PACKING and op.inputs[0] != name for op in readers)
