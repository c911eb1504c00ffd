"""Whose kernels an application is built with: they differ in the scratch memory that ops of integers ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from edgeplan.graph import DType, Graph, Op
from edgeplan.memory.runtimes.tflite_micro.cmsis_nn import OPS as ARM
from edgeplan.memory.runtimes.tflite_micro.cmsis_nn import cmsis_nn
from edgeplan.memory.runtimes.tflite_micro.esp_nn import OPS as ESPRESSIF
from edgeplan.memory.runtimes.tflite_micro.esp_nn import Chip, esp_nn
from edgeplan.memory.runtimes.tflite_micro.scratch import scratch
from edgeplan.target import Target

__all__ = ["Library", "library", "requests"]

Library = Literal["reference", "cmsis-nn", "cmsis-nn-dsp", "esp-nn", "esp-nn-s3", "esp-nn-s3-2023"]

_LIBRARIES: tuple[Library, ...] = ("cmsis-nn", "cmsis-nn-dsp", "esp-nn", "esp-nn-s3", "esp-nn-s3-2023")

_CHIPS: Mapping[Library, Chip] = {"esp-nn": "plain", "esp-nn-s3": "s3", "esp-nn-s3-2023": "s3-2023"}


def library(target: Target) -> Library:
    """The library that the features of the chip's CPU name; the reference kernels where they name none."""
    features = target.unit("cpu").features
    return next((name for name in _LIBRARIES if name in features), "reference")


def requests(graph: Graph, op: Op, pointer: int, used: Library) -> Iterator[int | None]:
    """The bytes of each scratch buffer of an op, in the order of the requests; None where a size is not known."""
    return (size for size in _asked(graph, op, pointer, used) if size != 0)


def _asked(graph: Graph, op: Op, pointer: int, used: Library) -> Iterator[int | None]:
    data = graph.values[op.inputs[2 if op.label == "TRANSPOSE_CONV" else 0]].dtype if op.inputs else None
    weights = graph.values[op.inputs[1]].dtype if len(op.inputs) > 1 else None
    if used.startswith("cmsis") and op.label in ARM and data in (DType.INT8, DType.INT16) and weights is not DType.INT4:
        yield from cmsis_nn(graph, op, dsp=used == "cmsis-nn-dsp")
    elif used in _CHIPS and op.label in ESPRESSIF and data is DType.INT8:
        yield from esp_nn(graph, op, _CHIPS[used])
        if weights is DType.INT4:
            yield from scratch(graph, op, pointer)
    else:
        yield from scratch(graph, op, pointer)
