"""What a TFLite model keeps between calls."""

from __future__ import annotations

from edgeplan.graph import Graph

__all__ = ["resources", "variables"]


def variables(graph: Graph) -> tuple[str, ...]:
    """The variable tensors of one graph: states that ops read and nothing gives or makes."""
    given = {*graph.inputs, *graph.producer}
    recurrent = (op for op in graph.ops if op.type.endswith(_RECURRENT))
    states = (n for op in recurrent for n, port in zip(op.inputs, op.ports, strict=True) if port.endswith("_state"))
    return tuple(dict.fromkeys(n for n in states if n not in given and not graph.values[n].const))


def resources(graph: Graph) -> dict[str, int]:
    """The resource variables of a graph and its bodies, by container and shared name, with their bytes.

    They lie on the heap, each as large as what is assigned to it or read from it.
    """
    handles: dict[str, str] = {}
    found: dict[str, int] = {}
    for owner, op in graph.walk():
        if op.type == "VAR_HANDLE":
            handles.update(dict.fromkeys(op.outputs, f"{op.attrs.get('container')}/{op.attrs.get('shared_name')}"))
        handle = handles.get(op.inputs[0]) if op.inputs else None
        if handle is not None and op.type in ("ASSIGN_VARIABLE", "READ_VARIABLE"):
            value = owner.values[op.inputs[1] if op.type == "ASSIGN_VARIABLE" else op.outputs[0]]
            found[handle] = max(value.bytes or 0, found.get(handle, 0))
    return found


_RECURRENT = ("LSTM", "RNN", "SVDF")
"""How the types of ops end that have operands of their own for a state."""
