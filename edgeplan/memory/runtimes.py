"""What runtimes do with activations: which values share a buffer, which stay to the end, what is kept between calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edgeplan.graph import Graph, Op
from edgeplan.lower.views import is_view

__all__ = ["PROFILES", "Profile", "states"]


@dataclass(frozen=True, slots=True)
class Profile:
    """`shared` maps a value to the one in whose buffer it lies; `inputs_stay` where inputs are never written over.

    `scratch` is what the runtime's own kernel of an op needs while it runs, in bytes.
    """

    shared: Callable[[Graph], Mapping[str, str]]
    inputs_stay: bool = False
    scratch: Callable[[Graph, Op], int] = lambda graph, op: 0


def _views(graph: Graph) -> dict[str, str]:
    """A view lies where the tensor lies that it views."""
    return {op.outputs[0]: op.inputs[0] for op in graph.ops if op.outputs and is_view(graph, op)}


def _litert(graph: Graph) -> dict[str, str]:
    """Views, and ops that write over an input of the same size that nobody else reads.

    Inputs and outputs of the graph share with nothing. Source: google-ai-edge/LiteRT@f67457790,
    tflite/arena_planner.cc, IdentifyInPlaceTensors, and `inplace_operator` of the kernels.
    """
    inputs, outputs = frozenset(graph.inputs), frozenset(graph.outputs)
    reads = Counter(name for op in graph.ops for name in op.inputs)
    reads.update((*inputs, *outputs))
    shared: dict[str, str] = {}
    for op in graph.ops:
        if not op.outputs or op.outputs[0] in outputs:
            continue
        for name in _candidates(graph, op):
            owner = shared.get(name, name)
            if name in inputs or graph.values[name].const or name not in graph.producer:
                continue
            if is_view(graph, op) or (_same_size(graph, op, name) and reads[name] == reads[owner] == 1):
                shared[op.outputs[0]] = owner
                break
    return shared


def _candidates(graph: Graph, op: Op) -> tuple[str, ...]:
    if is_view(graph, op):
        return op.inputs[:1]
    return () if op.domain else op.inputs[: _OVERWRITTEN.get(op.type, 0)]


def _same_size(graph: Graph, op: Op, name: str) -> bool:
    size = graph.values[name].bytes
    return size is not None and size > _SCALAR and size == graph.values[op.outputs[0]].bytes


_OVERWRITTEN = {"ADD": 2, "DIV": 2, "DYNAMIC_UPDATE_SLICE": 1, "MUL": 2, "SOFTMAX": 1, "SUB": 2}
"""How many of its first inputs a kernel may write over."""

_SCALAR = 4
"""Bytes up to which a tensor is never written over."""


def _im2col(graph: Graph, op: Op) -> int:
    """The rows a convolution is unrolled to: for each output position all that its filter looks at.

    Source: google-ai-edge/LiteRT@f67457790, tflite/kernels/conv.cc, IsIm2ColRequired and Prepare.
    """
    if op.label != "CONV_2D":
        return 0
    x, w, y = (graph.values[n] for n in (op.inputs[0], op.inputs[1], op.outputs[0]))
    if x.dtype is None or w.elements is None or y.elements is None or not w.shape or not isinstance(w.shape[0], int):
        return 0
    plain = w.shape[1:3] == (1, 1) and all(op.attrs.get(n, 1) == 1 for n in _STEPS)
    size = y.elements * w.elements // (w.shape[0] ** 2 or 1) * x.dtype.bits // 8
    return 0 if plain or size >= _LARGEST_IM2COL else size


_STEPS = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")

_LARGEST_IM2COL = 2**30
"""From here on the kernel does without, on phones (`kMaxIm2colBufferSizeMobile`)."""

PROFILES: Mapping[str, Profile] = {
    "onnx": Profile(_views),
    "mil": Profile(_views),
    "tflite": Profile(_litert, inputs_stay=True, scratch=_im2col),
}
"""By dialect. LiteRT's is that of its own kernels' arena; a delegate plans what it takes over by itself."""


def states(graph: Graph) -> dict[str, int | None]:
    """What a model keeps between calls, with its bytes: tensors that nothing gives or makes, and resource variables."""
    given: set[str] = set(graph.inputs)
    for _, op in graph.walk():
        given.update(op.outputs, *(body.graph.inputs for body in op.bodies))
    found: dict[str, int | None] = {}
    handles: dict[str, str] = {}
    for owner, op in graph.walk():
        for name in op.inputs:
            if name not in given and not owner.values[name].const:
                found[name] = owner.values[name].bytes
        if op.type == "VAR_HANDLE":
            handles.update(dict.fromkeys(op.outputs, f"{op.attrs.get('container')}/{op.attrs.get('shared_name')}"))
        handle = handles.get(op.inputs[0]) if op.inputs else None
        if handle is not None and op.type in ("ASSIGN_VARIABLE", "READ_VARIABLE"):
            value = owner.values[op.inputs[1] if op.type == "ASSIGN_VARIABLE" else op.outputs[0]]
            found[handle] = max(value.bytes or 0, found.get(handle) or 0)
    return found
