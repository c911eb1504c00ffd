"""What the runtime's own structures take of the arena, on microcontrollers and on the hosts where it can be measured.

Source: tensorflow/tflite-micro@90b983c2, tensorflow/lite/c/common.h (TF_LITE_STATIC_MEMORY), tensorflow/lite/micro:
micro_allocator.h, micro_allocation_info.h, memory_planner/greedy_memory_planner.h.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOST", "MCU", "Machine"]


@dataclass(frozen=True, slots=True)
class Machine:
    """Bytes of each structure on machines with pointers of so many bytes."""

    pointer: int
    eval_tensor: int
    """TfLiteEvalTensor: two pointers and a type, for every tensor of the file, weights included."""
    node: int
    """NodeAndRegistration: seven pointers and a length, for every op."""
    tensor: int
    """TfLiteTensor, for every input and output of the graph."""
    quantization: int
    """TfLiteAffineQuantization: two pointers and an axis, for a quantised input or output."""
    allocation: int
    """AllocationInfo, for every tensor and scratch buffer while the head is planned."""
    request: int
    """ScratchBufferRequest, for every scratch buffer while the ops prepare, and for twelve more."""


MCU = Machine(pointer=4, eval_tensor=12, node=32, tensor=40, quantization=12, allocation=24, request=12)
HOST = Machine(pointer=8, eval_tensor=24, node=64, tensor=64, quantization=24, allocation=32, request=16)
