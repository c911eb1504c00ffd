"""What the app's own process holds while a network runs on the HTP: little, but for what the preparation leaves.

Weights and activations are the DSP's, in buffers the process shares with it. Qualcomm AI Hub measures the process, and
of a network it sees, at its lowest, the inputs (resnet50 as DLC on a Snapdragon X Elite: 1 MB, with 97 MB of weights).
On Android its ranges end at tens to hundreds of MB where the graph is prepared on the device itself, and at 6 to 12 MB
where a context binary is loaded: the difference is taken for what the allocator keeps of the preparation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from edgeplan.devices import Device
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.qnn.values import generation, on_htp
from edgeplan.memory.runtimes.qnn.weights import packed_weights
from edgeplan.memory.term import Term

__all__ = ["Route", "System", "process_terms", "system_of"]

Route = Literal["qnn", "onnxruntime"]
"""Who loads the model: QNN itself (a DLC, a context binary), or ONNX Runtime's QNN execution provider."""

System = Literal["android", "linux", "windows"]
"""What a device runs, by its chip: AI Hub's laptops have Windows, its evaluation kits Linux, the rest Android."""

_WINDOWS = ("snapdragon-x", "snapdragon-8cx", "dragonwing-iq-x")
_LINUX = ("dragonwing-iq-8", "dragonwing-iq-9", "dragonwing-qcs6490", "dragonwing-qcs8550")
_UNMAPPED = ("v68", "v73")


def system_of(device: Device) -> System:
    """The system a device runs."""
    chip = device.chip_id
    if chip.startswith(_WINDOWS):
        return "windows"
    return "linux" if chip.startswith(_LINUX) else "android"


def process_terms(given: Deployment, route: Route | None) -> Iterable[Term]:
    """The terms of the app's process on the HTP's behalf; a route that is not known makes the ranges wider."""
    graph, figures = given.graph, given.figures
    inputs = sum(graph.values[n].bytes or 0 for n in graph.inputs)
    outputs = sum(graph.values[n].bytes or 0 for n in graph.outputs)
    basis = (
        "the tensors the app hands over and gets back, in the model's own types; measured ranges show the inputs alone"
    )
    yield Term("inputs and outputs", Range(inputs, inputs + outputs, inputs + outputs), "estimated", "always", basis)
    if route != "qnn":
        basis = "ONNX Runtime hands tensors to the HTP in shared buffers of its own"
        most = inputs + outputs
        yield Term("copies of inputs and outputs", Range(0, most, most), "estimated", "run", basis)
    system = system_of(given.target.device)
    if system == "windows":
        if route != "qnn" and generation(given) in _UNMAPPED:
            size = given.once(packed_weights)
            held = figures["context-held"].of(size.likely)
            low = held.low if route is None else size.low
            basis = "ONNX Runtime keeps the context binary on Windows with a Hexagon before v81; QNN itself does not"
            evidence = figures.evidence("context-held")
            yield Term("context binary", Range(low, held.likely, size.high), "estimated", "always", basis, evidence)
        return
    if system == "linux":
        basis, evidence = "loading a graph leaves little on Linux", figures.evidence("left-linux")
        yield Term("heap left by loading", figures["left-linux"].bytes, "estimated", "run", basis, evidence)
        return
    basis = (
        "what the allocator may keep when the graph is prepared on the device, by weights and activations; "
        "6 to 12 MB when a context binary is loaded"
    )
    evidence = figures.evidence("left-base", "left-weight", "left-activation", "left-spread")
    yield Term("heap left by the preparation", _left(given), "estimated", "run", basis, evidence)


def _left(given: Deployment) -> Range:
    figures, graph = given.figures, given.graph
    weights = sum(v.elements or 0 for v in given.constants.values())
    inside = given.once(on_htp)
    activations = sum(graph.values[n].elements or 0 for op in graph.ops for n in op.outputs if n in inside)
    base = figures["left-base"].bytes.likely
    likely = base + figures["left-weight"].likely * weights + figures["left-activation"].likely * activations
    return figures["left-spread"].of(round(likely))
