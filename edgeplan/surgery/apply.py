"""Puts a replacement into the graph: names kept, old nodes gone unless something else reads them."""

from __future__ import annotations

import onnx_ir as ir

from edgeplan.surgery.constants import deferred
from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.looking import bodies, captured, is_output, stands_in
from edgeplan.surgery.rewrite import Replacement

__all__ = ["forget", "name_new", "put_in"]


def name_new(draft: Draft, root: ir.Node, new: Replacement, rewrite: str) -> None:
    """Give what a replacement makes names that nothing in the model has."""
    base = root.name or root.outputs[0].name or rewrite
    for folded in new.folded:
        folded.value.name = draft.fresh(folded.value.name or f"{base}/{rewrite}")
    for node in new.new:
        node.name = draft.fresh(node.name or f"{base}/{node.op_type}")
        for i, out in enumerate(node.outputs):
            out.name = draft.fresh(out.name or (node.name if i == 0 else f"{node.name}.{i}"))
        for body in (inner for outer in bodies(node) for inner in graphs(outer)):
            _name_inside(draft, body)


def _name_inside(draft: Draft, body: ir.Graph) -> None:
    """Names for what a new node's body holds: a copy's are those of the body it was copied from."""
    for value in dict.fromkeys((*body.inputs, *body.initializers.values(), *(o for n in body for o in n.outputs))):
        if value.name:
            value.name = draft.fresh(value.name)
    for node in body:
        node.name = draft.fresh(node.name or node.op_type)


def forget(node: ir.Node) -> None:
    """Let a node that is not in the graph, and all inside it, no longer count as readers of what they read."""
    for body in bodies(node):
        inside = list(body)
        body.outputs.clear()
        for inner in inside:
            forget(inner)
        body.remove(inside)
    for i in range(len(node.inputs)):
        node.replace_input_with(i, None)


def put_in(root: ir.Node, new: Replacement) -> None:
    """Replace: every reader of an old output reads the new one, which takes its name over, as its node does the root's.

    `new` must be named (`name_new`). Weights are not read: constants are computed when the model is written.
    """
    graph = root.graph
    assert isinstance(graph, ir.Graph)
    for folded in new.folded:
        value = folded.value
        value.const_value = deferred(folded)
        assert value.name is not None
        graph.initializers[value.name] = value
    last = _last(graph, new)
    if new.new:
        graph.insert_after(last, new.new)
        after = new.new[-1]
    else:
        after = last
    for old, made in new.outputs:
        if old is made:
            continue
        fresh = made.producer() is not None and made.producer() in new.new
        if (fresh or is_output(old)) and stands_in(made, old) and not is_output(made):
            if fresh or made.shape is None:
                made.shape = old.shape if old.shape is not None else made.shape
            if old.dtype is not None and (fresh or made.dtype is None):
                made.dtype = old.dtype
            name, old.name = old.name, f"{old.name}/replaced"
            made.name = name
            ir.convenience.replace_all_uses_with(old, made, replace_graph_outputs=True)
        elif old.is_graph_output():  # an output keeps its name; what is there already cannot take it
            copy = ir.Node("", "Identity", [made], num_outputs=1, name=f"{old.name}/Identity")
            name, old.name = old.name, f"{old.name}/replaced"
            copy.outputs[0].name = name
            copy.outputs[0].shape, copy.outputs[0].type = old.shape, old.type
            graph.insert_after(after, copy)
            ir.convenience.replace_all_uses_with(old, copy.outputs[0], replace_graph_outputs=True)
        else:
            ir.convenience.replace_all_uses_with(old, made)
    _drop(graph, new)
    heir = new.outputs[0][1].producer()
    if root.graph is None and heir is not None and heir in new.new:
        heir.name = root.name  # whoever looks for the op by its name finds what does its work now


def _last(graph: ir.Graph, new: Replacement) -> ir.Node:
    """The old node after which the new ones can stand: everything they read is made by then, and nothing read earlier.

    All new nodes go right behind the last old node that makes an output; readers of earlier outputs that stand
    between are put in order afterwards, which ONNX demands.
    """
    makers = [old.producer() for old, _ in new.outputs]
    found = [m for m in makers if m is not None]
    if len(found) == 1:
        return found[0]
    wanted = set(found)
    last = found[0]
    for node in graph:
        if node in wanted:
            last = node
    return last


def _drop(graph: ir.Graph, new: Replacement) -> None:
    """Remove the old nodes nothing reads any more, last ones first, and what only they had read."""
    left = list(new.old)
    while left:
        node = left.pop()
        if node.graph is None or any(o.uses() or o.is_graph_output() for o in node.outputs):
            continue
        before = [v.producer() for v in (*node.inputs, *captured(node)) if v is not None]
        node.graph.remove(node, safe=True)
        forget(node)
        left.extend(p for p in before if p is not None)
    if len({o.producer() for o, _ in new.outputs}) > 1:
        graph.sort()
