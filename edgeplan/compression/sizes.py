"""How large the file is that a user downloads, for a model on a target by a scheme of compression."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.compression.layers import Layer
from edgeplan.compression.onnx_storage import most_described, onnx_size
from edgeplan.compression.package import model_size, package_size
from edgeplan.compression.tflite_storage import flatbuffer_size, most_added
from edgeplan.graph import Graph
from edgeplan.lower.scheme import Scheme
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.range import Range
from edgeplan.place.lowered import as_compressed
from edgeplan.place.partition import place
from edgeplan.target import Target

__all__ = ["download_size"]

_PROGRAMS = 15
"""The iOS release that brought ML programs, and with them packages."""

_IN_FILE = frozenset({"weights", "weights off the HTP", "engine code"})
"""The terms of a memory plan that are what lies in an engine or a context binary."""

_OFF = 0.02, 4096
"""How far files of LiteRT and ONNX were off what is computed, as a part and in bytes: the larger is the range."""


def download_size(
    lowered: Graph, target: Target, scheme: Scheme, taken: Sequence[Layer], memory: MemoryPlan | None = None
) -> Range:
    """Bytes of the file a user downloads: a graph lowered for the target, with the weights of `taken` by the scheme.

    It is an .mlpackage (Core ML), a .tflite, an .onnx (ONNX Runtime), an engine (TensorRT) or a context binary (QNN,
    SNPE). The latter two hold what the runtime loads: `memory` is the plan of the compressed model, made here where it
    is not given. Nothing is known of what the store packs further.
    """
    backend = target.backend.name
    if backend == "coreml":
        ios = int(target.release.removeprefix("iOS ").split(".")[0])
        return package_size(lowered, scheme, taken, ios) if ios >= _PROGRAMS else model_size(lowered, scheme, taken)
    if target.backend.dialect == "tflite":
        size = _about(flatbuffer_size(lowered, scheme, taken))
        return size + Range(high=most_added(lowered, scheme, taken))
    if backend in ("onnxruntime", "onnxruntime-coreml"):
        return _about(onnx_size(lowered, scheme, taken)) + Range(high=most_described(lowered, scheme))
    plan = memory or _planned(lowered, target, scheme, taken)
    return sum((term.size for term in plan.terms if term.name in _IN_FILE), start=Range())


def _about(size: int) -> Range:
    part, least = _OFF
    off = max(round(part * size), min(least, size // 4))
    return Range(size - off, size, size + off)


def _planned(lowered: Graph, target: Target, scheme: Scheme, taken: Sequence[Layer]) -> MemoryPlan:
    graph = as_compressed(lowered, target, scheme, takes={layer.weight for layer in taken})
    placement = place(graph, target)
    return plan_memory(Deployment(graph, target, placement.units, placement.segments))
