"""The weights as the HTP's compiler packs them into a context binary, which lies in DDR while the model is loaded.

The rule was read off what the compiler wrote for some 100 networks with weights that differ
(`rules/qnn/runs/2026-11-22-memory-htp.csv`): floats in 16 bits, a convolution's channels rounded up to 32 both ways,
each group's for itself, and a fixed part. From v73 on depthwise taps lie closer than that.
"""

from __future__ import annotations

from math import prod

from edgeplan.graph import Op, Value
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.qnn.values import CHANNELS, ON_CHIP, generation, held, is_half
from edgeplan.units import round_up

__all__ = ["packed_weights", "tables"]

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_FEW = 16
"""Input channels below this are not rounded up: the first layer's space goes into its depth instead."""
_SPARSE = ("v66", "v68", "v69")


def packed_weights(given: Deployment) -> Range:
    """Bytes of the context binaries of all parts on the HTP; a constant that two ops read is stored once."""
    figures = given.figures
    depthwise = CHANNELS if generation(given) in _SPARSE else figures["context-depthwise"].likely
    half, seen = is_half(given), set[str]()
    total = 0
    for op in _ops(given):
        for port, name in zip(op.ports, op.inputs, strict=True):
            value = given.constants.get(name)
            if value is None or name in seen:
                continue
            seen.add(name)
            size = held(value, half) or 0
            if op.type in _CONVOLUTIONS and port == "W" and value.elements:
                size = round(_convolution(op, value, size, depthwise))
            total += size
    fixed = [figures["context-base"].bytes for segment in given.segments if segment.unit in ON_CHIP]
    return sum(fixed, start=figures["context-scale"].of(total))


def tables(given: Deployment) -> tuple[int, ...]:
    """Bytes of each table that Gather looks rows up in: these are not read whole."""
    half = is_half(given)
    found = {
        op.inputs[0] for op in _ops(given) if op.type == "Gather" and op.inputs and op.inputs[0] in given.constants
    }
    return tuple(held(given.constants[name], half) or 0 for name in sorted(found))


def _ops(given: Deployment) -> tuple[Op, ...]:
    return tuple(op for i, op in enumerate(given.graph.ops) if given.units[i] in ON_CHIP)


def _convolution(op: Op, value: Value, size: int, depthwise: float) -> float:
    shape = [n for n in value.shape or () if isinstance(n, int)]
    grouped = op.attrs.get("group", 1) != 1
    if grouped and shape[1] == 1:
        return size * depthwise
    made, read = shape[:2] if op.type == "Conv" else shape[1::-1]
    padded = _up(made) * (read if read < _FEW and not grouped else _up(read)) * prod(shape[2:])
    return size * padded / (value.elements or 1)


def _up(channels: int) -> int:
    return round_up(channels, CHANNELS)
