"""What a TFLite model keeps between calls."""

from __future__ import annotations

from edgeplan.graph import Graph

__all__ = ["states"]


def states(graph: Graph) -> dict[str, int | None]:
    """Tensors that nothing gives or makes, and resource variables, with their bytes."""
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
