"""How many bytes a value takes on the Hexagon HTP: floats of two bytes, integers of at most four, depth in steps."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from edgeplan.graph import Graph, Value
from edgeplan.memory.deployment import Deployment
from edgeplan.units import round_up

__all__ = ["CHANNELS", "ON_CHIP", "generation", "held", "is_half", "on_htp", "spread", "vtcm_size"]

ON_CHIP = ("htp", "dsp")
"""The units of a Qualcomm backend that are a Hexagon."""

CHANNELS = 32
"""The step of the depth of an activation, and of a convolution's channels, in the layout the HTP computes in.

Source: docs.qualcomm.com 80-63442-10, htp_guidelines_channels ("multiples of 32"); the context binaries asked for bear
it out (`rules/qnn/runs/2026-11-22-memory-htp.csv`).
"""


ROWS = 8
"""The rows of an image that are kept together, however few there are.

Of chains of convolutions over lines (64 channels, 16 bits) those of 4,096 steps fill 8 MiB of VTCM with two values and
do not spill; those of 6,144 do (`rules/qnn/runs/2026-11-22-memory-htp.csv`, chain-conv1d).
"""

_FLAT = 8
"""Images of fewer channels (the network's own input) are kept flat."""
_IMAGE, _LINE = 4, 3
_IMAGING = ("AveragePool", "Conv", "ConvTranspose", "GlobalAveragePool", "MaxPool", "Resize")


def generation(given: Deployment) -> str:
    """The Hexagon's, `v75` say; empty where the target has none."""
    return next((unit.generation for unit in given.target.units if unit.name in ON_CHIP), "")


def is_half(given: Deployment) -> bool:
    """Whether floats are computed in 16 bits."""
    return given.target.precision != "float32"


def held(value: Value, half: bool) -> int | None:
    """Bytes of a value's elements as the HTP keeps them, None while they are not known.

    It knows no 64-bit integers (ONNX Runtime's ProcessInt64Tensors casts them to 32 bits).
    """
    if value.elements is None or value.dtype is None:
        return None
    widest = 16 if half and value.dtype.is_float else 32
    return (value.elements * min(value.dtype.bits, widest) + 7) // 8


def spread(value: Value, half: bool) -> int | None:
    """The same of an image, channels before rows and columns, or of a line of it: its depth and rows rounded up."""
    size = held(value, half)
    if size is None or value.shape is None or not value.elements:
        return size
    whole = [n for n in value.shape if isinstance(n, int)]
    if len(whole) == _LINE:
        return size * ROWS
    if len(whole) != _IMAGE or whole[1] < _FLAT:
        return size
    depth = round_up(whole[1], CHANNELS)
    return size * prod([whole[0], depth, *whole[2:]]) // value.elements


def vtcm_size(given: Deployment) -> Callable[[Value], int | None]:
    """What a value takes in VTCM: nothing off the HTP, more than its elements when it is an image.

    Images are what convolutions and pools read and make, and values of the same shape.
    """
    graph, half, inside = given.graph, is_half(given), given.once(on_htp)
    images = {graph.values[n].shape for op in graph.ops if op.type in _IMAGING for n in (op.inputs[0], op.outputs[0])}

    def size(value: Value) -> int | None:
        if value.name not in inside:
            return 0
        return spread(value, half) if value.shape in images else held(value, half)

    return size


def on_htp(given: Deployment) -> frozenset[str]:
    """The values that ops on the HTP make or read, constants left out."""
    graph: Graph = given.graph
    found: set[str] = set()
    for i, op in enumerate(graph.ops):
        if given.units[i] in ON_CHIP:
            found.update(n for n in (*graph.reads(op), *op.outputs) if not graph.values[n].const)
    return frozenset(found)
