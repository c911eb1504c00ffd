"""Reads where a LiteRT runtime put its ops, through a delegate that comes last and takes nothing.

A runtime hands its graph to one delegate after the other. What a delegate took stands there as one node that holds the
indices of the ops it replaced, so the last one sees the whole placement. The structures are those of
`tflite/core/c/common.h`, which delegates in other libraries are built against.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNITS = {"TfLiteXNNPackDelegate": "xnnpack", "LITERT_WEBGPU": "gpu"}
"""Edgeplan's names of the units behind the delegates, by the name of their nodes."""

OWN = "cpu"
"""The unit of ops that no delegate took: the builtin kernels run them."""

_DYNAMIC_TOO = 1
"""kTfLiteDelegateFlagsAllowDynamicTensors: also a graph whose tensors are allocated may be looked at."""


_ARENA, _PERSISTENT, _DYNAMIC = 2, 3, 4
"""kTfLiteArenaRw, kTfLiteArenaRwPersistent, kTfLiteDynamic: a tensor's memory is planned for one call, for all of
them, or taken from the heap."""


@dataclass(frozen=True)
class Step:
    """A node of the execution plan: an op by its index in the file, or those that a delegate runs as one.

    `kernel` is the address of the function that runs it.
    """

    ops: tuple[int, ...]
    unit: str
    kernel: int = 0


class _Tensor(c.Structure):
    _fields_ = [
        ("type", c.c_int), ("data", c.c_void_p), ("dims", c.c_void_p), ("scale", c.c_float), ("zero", c.c_int32),
        ("allocation_type", c.c_int), ("bytes", c.c_size_t), ("allocation", c.c_void_p), ("name", c.c_char_p),
        ("delegate", c.c_void_p), ("handle", c.c_int), ("stale", c.c_bool), ("variable", c.c_bool),
        ("quantization_type", c.c_int), ("quantization", c.c_void_p), ("sparsity", c.c_void_p),
        ("signature", c.c_void_p),
    ]  # fmt: skip


class _Context(c.Structure):
    _fields_ = [
        ("tensors_size", c.c_size_t), ("get_plan", c.c_void_p), ("tensors", c.POINTER(_Tensor)), ("impl", c.c_void_p),
        ("resize", c.c_void_p), ("report", c.c_void_p), ("add", c.c_void_p), ("get_node", c.c_void_p),
    ]  # fmt: skip


class _Node(c.Structure):
    _fields_ = [
        ("inputs", c.c_void_p), ("outputs", c.c_void_p), ("intermediates", c.c_void_p), ("temporaries", c.c_void_p),
        ("user_data", c.c_void_p), ("builtin_data", c.c_void_p), ("custom_data", c.c_void_p),
        ("custom_size", c.c_int), ("delegate", c.c_void_p),
    ]  # fmt: skip


class _Registration(c.Structure):
    _fields_ = [
        ("init", c.c_void_p), ("free", c.c_void_p), ("prepare", c.c_void_p), ("invoke", c.c_void_p),
        ("profiling", c.c_void_p), ("builtin_code", c.c_int32), ("custom_name", c.c_char_p), ("version", c.c_int),
    ]  # fmt: skip


class _Parameters(c.Structure):
    _fields_ = [("delegate", c.c_void_p), ("nodes", c.c_void_p), ("inputs", c.c_void_p), ("outputs", c.c_void_p)]


_PLAN = c.CFUNCTYPE(c.c_int, c.POINTER(_Context), c.POINTER(c.c_void_p))
_NODE = c.CFUNCTYPE(
    c.c_int, c.POINTER(_Context), c.c_int, c.POINTER(c.POINTER(_Node)), c.POINTER(c.POINTER(_Registration))
)
_PREPARE = c.CFUNCTYPE(c.c_int, c.POINTER(_Context), c.c_void_p)


class _Delegate(c.Structure):
    _fields_ = [
        ("data", c.c_void_p), ("prepare", _PREPARE), ("copy_from", c.c_void_p), ("copy_to", c.c_void_p),
        ("free", c.c_void_p), ("flags", c.c_int64), ("builder", c.c_void_p),
    ]  # fmt: skip


class Reader:
    """The delegate. `address` is for the runtime; `steps` is None until it was given the main subgraph, its first.

    `arena` is the size in bytes of the memory that the subgraph's tensors and its kernels' scratch share, None when
    some of it is not planned, unless `partly` asks for the rest; `persistent` that of what outlives a call. `bodies`
    are the two of every other subgraph.
    """

    def __init__(self, *, partly: bool = False) -> None:
        self._partly = partly
        self.steps: list[Step] | None = None
        self.arena: int | None = None
        self.persistent: int | None = None
        self.bodies: list[tuple[int | None, int | None]] = []
        self._delegate = _Delegate(prepare=_PREPARE(self._prepare), flags=_DYNAMIC_TOO)

    @property
    def address(self) -> int:
        """The TfLiteDelegate's; it lives as long as this object."""
        return c.addressof(self._delegate)

    def _prepare(self, context: Any, _delegate: Any) -> int:
        used = [t for t in _used(context) if not self._partly or (t[0] != _DYNAMIC and t[1])]
        found = span(used), span([t for t in used if t[0] == _PERSISTENT], _PERSISTENT)
        if self.steps is None:
            self.steps = _steps(context)
            self.arena, self.persistent = found
        else:
            self.bodies.append(found)
        return 0


def _nodes(context: Any) -> Iterator[tuple[int, Any, Any]]:
    """The nodes of the execution plan: index, node and kernel."""
    plan = c.c_void_p()
    if _PLAN(context.contents.get_plan)(context, c.byref(plan)):
        return
    get_node = _NODE(context.contents.get_node)
    for index in _ints(plan.value):
        node, registration = c.POINTER(_Node)(), c.POINTER(_Registration)()
        if not get_node(context, index, c.byref(node), c.byref(registration)):
            yield index, node.contents, registration.contents


def _steps(context: Any) -> list[Step]:
    found = []
    for index, node, registration in _nodes(context):
        if not node.delegate:
            found.append(Step((index,), OWN, registration.invoke or 0))
            continue
        name = (registration.custom_name or b"").decode(errors="replace")
        taken = c.cast(node.builtin_data, c.POINTER(_Parameters)).contents.nodes
        found.append(Step(tuple(_ints(taken)), UNITS.get(name, name)))
    return found


def _used(context: Any) -> list[tuple[int, int, int]]:
    """The tensors that nodes read and make, and all others that have memory: how allocated, address, bytes.

    What kernels take from the heap for themselves is left out: it says nothing of the tensors of the graph.
    """
    named = {i for _, node, _ in _nodes(context) for i in (*_ints(node.inputs), *_ints(node.outputs))}
    found = []
    for i in range(context.contents.tensors_size):
        t = context.contents.tensors[i]
        if i in named or (t.data and t.allocation_type != _DYNAMIC):
            found.append((t.allocation_type, t.data or 0, t.bytes))
    return found


def _ints(address: int | None) -> list[int]:
    """A TfLiteIntArray: its length, then its elements."""
    if not address:
        return []
    array = c.cast(address, c.POINTER(c.c_int))
    return array[1 : array[0] + 1]


def span(tensors: Sequence[tuple[int, int, int]], arena: int = _ARENA) -> int | None:
    """From the first byte to the last of the tensors (how allocated, address, bytes) in the arena; None when some are
    not in it but elsewhere, for as long as the model runs.
    """
    planned = [(address, size) for kind, address, size in tensors if kind == arena and size]
    if any(kind == _DYNAMIC for kind, _, _ in tensors) or not planned or any(not address for address, _ in planned):
        return None
    return max(a + n for a, n in planned) - min(a for a, n in planned)


def partitions(steps: Sequence[Step]) -> dict[str, int]:
    """The parts of the graph by unit: one for each node of a delegate, one for each run of ops between them."""
    found: dict[str, int] = {}
    before = ""
    for step in steps:
        if step.unit != OWN or before != OWN:
            found[step.unit] = found.get(step.unit, 0) + 1
        before = step.unit
    return found


def nodes(types: Sequence[str], steps: Sequence[Step], words: Mapping[int, str]) -> list[dict[str, str]]:
    """The `nodes` of an answer: each op of the file that a step runs; `words` are the reasons of refusals, by op."""
    where = {op: step.unit for step in steps for op in step.ops}
    return [
        {"name": str(i), "type": kind, "unit": where[i], "words": words.get(i, "")}
        for i, kind in enumerate(types)
        if i in where
    ]
