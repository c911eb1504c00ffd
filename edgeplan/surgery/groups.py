"""Several ops taken together: an order they can run in, and whether others read what lies between them."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir

from edgeplan.surgery.looking import is_output, readers

__all__ = ["in_order", "leaks"]


def in_order(nodes: Collection[ir.Node]) -> list[ir.Node]:
    """The same nodes, makers before readers; otherwise as they come."""
    inside, done = set(nodes), dict[ir.Node, None]()
    for first in nodes:
        waiting = [first]
        while waiting:
            node = waiting[-1]
            makers = [m for v in node.inputs if v is not None and (m := v.producer()) is not None]
            missing = next((m for m in makers if m in inside and m not in done), None)
            if missing is None:
                done[waiting.pop()] = None
            else:
                waiting.append(missing)
    return list(done)


def leaks(nodes: Collection[ir.Node], last: ir.Node) -> bool:
    """Whether anything but `nodes` reads a value they make, the results of `last` left out."""
    inside = set(nodes)
    return any(
        is_output(out) or any(reader not in inside for reader in readers(out))
        for node in inside
        if node is not last
        for out in node.outputs
    )
