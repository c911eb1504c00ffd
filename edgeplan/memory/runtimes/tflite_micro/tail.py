"""The tail of the arena of TensorFlow Lite for Microcontrollers: what lasts as long as the interpreter.

Source: tensorflow/tflite-micro@90b983c2, tensorflow/lite/micro: micro_allocator.cc (AllocateTfLiteEvalTensors,
AllocateNodeAndRegistrations, AllocateVariables, AllocateScratchBufferHandles), micro_interpreter.cc (AllocateTensors),
micro_resource_variable.cc (Allocate), kernels: conv_common.cc, depthwise_conv_common.cc, transpose_conv.cc,
fully_connected_common.cc (multipliers and shifts of every channel), batch_matmul.cc
(InitializeTemporaries), softmax_common.cc (InitializeLutForInt16).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgeplan.graph import DType, Graph, Op
from edgeplan.memory.runtimes.litert.states import resources
from edgeplan.memory.runtimes.tflite_micro.head import ALIGNMENT
from edgeplan.memory.runtimes.tflite_micro.kept import KEPT, Kept
from edgeplan.memory.runtimes.tflite_micro.kernels import Library, requests
from edgeplan.memory.runtimes.tflite_micro.machine import MCU, Machine
from edgeplan.units import round_up

__all__ = ["Tail", "planning", "tail"]


@dataclass(frozen=True, slots=True)
class Tail:
    """Bytes of the tail but for the allocator's own objects.

    `tables` describe tensors and ops, `data` is what kernels keep, `copies` are tensors turned for a product of
    matrices, `variables` what the network keeps from call to call. What the `custom` ops keep is not known.
    """

    tables: int
    data: int
    copies: int
    variables: int
    custom: int

    @property
    def size(self) -> int:
        """Bytes of all that is known."""
        return self.tables + self.data + self.copies + self.variables


def tail(graph: Graph, machine: Machine = MCU, library: Library = "reference") -> Tail:
    """The tail of a graph with its bodies. Sizes that are not known count as nothing."""
    graphs = list(_graphs(graph))
    tensors = sum(len(g.values) for g in graphs)
    ops = [(g, op) for g in graphs for op in g.ops]
    asked = sum(1 for g, op in ops for _ in requests(g, op, machine.pointer, library))
    tables = tensors * machine.eval_tensor + len(ops) * machine.node + asked * machine.pointer + _ends(graph, machine)
    return Tail(
        tables,
        sum(_data(g, op, machine) for g, op in ops),
        sum(_copies(g, op, machine) for g, op in ops),
        sum(map(_aligned, _variables(graphs))),
        sum(1 for _, op in ops if op.domain == "custom"),
    )


def planning(graph: Graph, buffers: int, machine: Machine = MCU, library: Library = "reference") -> int:
    """Bytes in place of the head while it is planned: a record for every tensor, and the planner's for each buffer.

    The tensors of inputs and outputs come into the tail only afterwards, so theirs are counted off.
    Source: micro_allocation_info.cc, CreateAllocationInfo; greedy_memory_planner.h, per_buffer_size.
    """
    graphs = list(_graphs(graph))
    asked = sum(1 for g in graphs for op in g.ops for _ in requests(g, op, machine.pointer, library))
    records = asked + sum(len(g.values) for g in graphs)
    held = (asked + _REQUESTS_AHEAD) * machine.request
    size = held + records * machine.allocation + len(graphs) * machine.pointer + buffers * _PLANNED
    return max(_aligned(size) - _ends(graph, machine), 0)


def _ends(graph: Graph, machine: Machine) -> int:
    """The tensors that the interpreter keeps of its inputs and outputs, with their scales."""
    names = (*graph.inputs, *graph.outputs)
    quantized = sum(1 for name in names if graph.values[name].quantization)
    pointers = sum(_aligned(machine.pointer * len(group)) for group in (graph.inputs, graph.outputs))
    scales = machine.quantization + machine.pointer
    return pointers + len(names) * machine.tensor + quantized * scales


def _graphs(graph: Graph) -> Iterator[Graph]:
    yield graph
    for op in graph.ops:
        for body in op.bodies:
            yield from _graphs(body.graph)


def _data(graph: Graph, op: Op, machine: Machine) -> int:
    """What a kernel keeps: its structures, and two numbers for every channel of weights."""
    kept = KEPT.get(op.label, Kept())
    size = kept.options + _aligned(kept.mcu if machine.pointer == MCU.pointer else kept.host)
    channels = _channels(graph, op)
    if op.label == "SOFTMAX" and graph.values[op.inputs[0]].dtype is DType.INT16:
        size += 2 * _aligned(_TABLE)
    if op.label == "BATCH_MATMUL" and graph.values[op.inputs[0]].dtype in (DType.INT8, DType.INT16):
        size += _aligned(_SCALED)
    return size + 2 * _aligned(channels * _INT)


def _channels(graph: Graph, op: Op) -> int:
    axis = _CHANNELS.get(op.label)
    if axis is None or len(op.inputs) < 2:
        return 0
    weights = graph.values[op.inputs[1]]
    if weights.shape is None or (op.label == "FULLY_CONNECTED" and weights.quantization != "per-channel"):
        return 0
    count = weights.shape[axis] if axis < len(weights.shape) else None
    return count if isinstance(count, int) else 0


def _copies(graph: Graph, op: Op, machine: Machine) -> int:
    """The turned operands of a product of matrices: the first where it is read turned, the second where it is not."""
    if op.label != "BATCH_MATMUL":
        return 0
    turned = (bool(op.attrs.get("adj_x")), not op.attrs.get("adj_y"))
    size = 0
    for name, copied in zip(op.inputs, turned, strict=False):
        value = graph.values[name]
        if copied:
            size += _aligned(machine.eval_tensor) + _aligned((len(value.shape or ()) + 1) * _INT)
            size += _aligned(value.bytes or 0)
    return size


def _variables(graphs: list[Graph]) -> Iterator[int]:
    """Tensors that nothing gives or makes, and resource variables, each once; the first graph holds the others."""
    for graph in graphs:
        given = set(graph.inputs)
        for op in graph.ops:
            for name in op.inputs:
                value = graph.values[name]
                if not value.const and name not in given and name not in graph.producer:
                    yield value.bytes or 0
                    given.add(name)
    stored = resources(graphs[0])
    yield from stored.values()
    if stored:
        yield _VARIABLES
        yield len(stored) * _VARIABLE


def _aligned(size: int) -> int:
    return round_up(size, ALIGNMENT)


_INT = 4
_CHANNELS: Mapping[str, int] = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
"""Along which axis of its weights a kernel keeps a multiplier and a shift."""

_VARIABLES, _VARIABLE = 12, 20
"""Bytes of the list of resource variables, and of an entry: three pointers, a size and a value."""

_TABLE = 2 * 513
"""Bytes of a table of exponentials for 16 bits."""

_SCALED = 7 * _INT
"""Bytes of QuantizationOpDataBatchMatmul, the numbers that scale a product of integers."""

_REQUESTS_AHEAD = 12
"""kMaxScratchBuffersPerOp."""

_PLANNED = 40
"""Bytes the planner takes for a buffer: its needs (16), three integers, and an entry of a list (12)."""
