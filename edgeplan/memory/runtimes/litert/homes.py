"""Where LiteRT keeps each tensor of a graph that its builtin kernels run.

Source: google-ai-edge/LiteRT@f67457790, Prepare of the kernels under tflite/kernels: what each says of the
`allocation_type` of its outputs.
"""

from __future__ import annotations

from collections.abc import Collection

from edgeplan.capability.predicates.tflite.dynamic import result_of_dynamic_size
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.runtimes.litert.call import Call, Home
from edgeplan.memory.runtimes.litert.states import variables

__all__ = ["homes"]


def homes(graph: Graph, own: Collection[int], outside: Collection[str] = ()) -> dict[str, Home]:
    """The home of every value when the builtin kernels run the ops `own`, by index.

    `outside` are inputs that lie in the memory of the graph around a body.
    """
    found: dict[str, Home] = {n: "file" if v.const else "outside" for n, v in graph.values.items()}
    found.update(dict.fromkeys(variables(graph), "persistent"))
    for name in graph.inputs:
        found[name] = "outside" if name in outside else _plain(graph.values[name])
    for index, op in enumerate(graph.ops):
        home = _made(op, Call(op, graph.values, found)) if index in own else "arena"
        for i, name in enumerate(op.outputs):
            counted = i == len(op.outputs) - 1 and op.type in _COUNTED
            found[name] = home if home == "persistent" else _plain(graph.values[name], "arena" if counted else home)
        found.update(dict.fromkeys(_handed_on(graph, op) if index in own else (), "outside"))
        if index in own and op.attrs.get("kernel_type") == "BASIC":
            found.update({n: "persistent" for n, p in zip(op.inputs, op.ports, strict=True) if p in _BASIC_STATES})
    return found


def _plain(value: Value, home: Home = "arena") -> Home:
    return "heap" if value.dtype in (DType.STRING, DType.RESOURCE) else home


def _made(op: Op, call: Call) -> Home:
    if op.domain:
        return "arena"
    if op.type == "VAR_HANDLE" or (op.type in ("DENSIFY", "DEQUANTIZE") and call.home("input") == "file"):
        return "persistent"
    if op.type in ("RANK", "SHAPE") or (op.type in _READY and op.inputs and call.ready()):
        size = call.values[op.outputs[0]].elements
        if op.type != "REDUCE_PROD" or (size is not None and size <= _LARGEST_PRODUCT):
            return "ready"
    if op.bodies:
        return "heap" if any(_unplanned(body.graph) for body in op.bodies) or _reshaped(op) else "arena"
    if op.type == "RESHAPE":
        return "arena" if "shape" not in op.ports or call.ready("shape") else "late"
    if op.type == "READ_VARIABLE" and call.values[op.outputs[0]].shape == ():
        return "heap"
    early = ("file",) if op.type in _STORED else ("file", "ready")
    known = tuple(_KNOWN if call.homes[n] in early else _COMPUTED for n in op.inputs)
    return "heap" if result_of_dynamic_size(op, known, ()) else "arena"


def _unplanned(graph: Graph) -> bool:
    """Whether the run decides the size of some result in a body: then it does that of all the op's results."""
    found = homes(graph, range(len(graph.ops)))
    return any(found[n] in ("late", "heap") for n in (*graph.producer, *graph.outputs))


def _handed_on(graph: Graph, op: Op) -> list[str]:
    """What a loop gives back as it was given, if nobody reads it: the kernel takes it out of its results."""
    if op.type != "WHILE" or not op.bodies:
        return []
    body = op.bodies[-1].graph
    same = (name for name, a, b in zip(op.outputs, body.inputs, body.outputs, strict=False) if a == b)
    return [n for n in same if not graph.consumers.get(n) and n not in graph.outputs]


def _reshaped(op: Op) -> bool:
    """Whether a loop changes a shape, or the branches of a condition give different ones."""
    *_, last = (body.graph for body in op.bodies)
    first = last.inputs if "WHILE" in op.type else op.bodies[0].graph.outputs
    before = (op.bodies[-1] if "WHILE" in op.type else op.bodies[0]).graph.values
    pairs = zip(first, last.outputs, strict=False)
    return any(before[a].shape != last.values[b].shape for a, b in pairs)


_KNOWN, _COMPUTED = Value("known", const=True), Value("computed")
"""All that matters of an operand where the size of a result is asked for."""

_READY = frozenset(
    ("BROADCAST_ARGS", "CONCATENATION", "GATHER", "MUL", "RANGE", "REDUCE_PROD", "RESHAPE", "STRIDED_SLICE", "TILE")
)
"""Kernels that compute while they are prepared when all their operands are known then."""

_STORED = frozenset(("DILATE", "TRANSPOSE_CONV"))
"""Kernels to which only what the file holds is constant (IsConstantTensor, not IsConstantOrPersistentTensor)."""

_LARGEST_PRODUCT = 8
"""Elements up to which the product of a constant is computed while it is prepared (`kMaxConstantOutputTensorSize`)."""

_COUNTED = frozenset(("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "UNIQUE"))
"""Kernels whose last output has a size of its own, whatever that of the others is."""

_BASIC_STATES = ("prev_activ_input", "prev_state_input")
"""What an LSTM of kernel type BASIC keeps from call to call."""
