"""Control flow: which branch of an If runs, how often a body runs, and what comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import GraphProto, NodeProto

from edgeplan.frontends.onnx.read import subgraphs
from edgeplan.frontends.onnx.scope import Known, Scope
from edgeplan.graph import Dim, DType, Shape

if TYPE_CHECKING:
    from edgeplan.frontends.onnx.infer import Inference

__all__ = ["infer_control"]


def infer_control(index: int, node: NodeProto, scope: Scope, inference: Inference) -> list[Known]:
    """The outputs of If, Loop or Scan; their bodies' scopes are left in `scope.children`."""
    scope.children[index] = []
    if node.op_type == "If":
        return _if(index, node, scope, inference)
    if node.op_type == "Loop":
        return _loop(index, node, scope, inference)
    if node.op_type == "Scan":
        return _scan(index, node, scope, inference)
    for name, body in subgraphs(node):
        _run(index, name, body, {}, None, scope, inference)
    return [scope.values.get(o) or Known() for o in node.output]


def _run(
    index: int,
    name: str,
    body: GraphProto,
    given: dict[str, Known],
    trips: int | None,
    scope: Scope,
    inference: Inference,
) -> list[Known]:
    """Infer one body with what its inputs are known to be; returns its outputs."""
    inner = Scope(scope, dict(given))
    inference.graph(body, inner)
    scope.children[index].append((name, inner, trips))
    return [inner.find(o.name) or Known() for o in body.output]


def _only(known: Known | None) -> int | float | bool | None:
    """The element of a known constant of one element."""
    return None if known is None or known.data is None or known.data.size != 1 else known.data.item()


def _common(a: Shape, b: Shape) -> Shape:
    """The shape that holds for both: unknown wherever they differ."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


def _if(index: int, node: NodeProto, scope: Scope, inference: Inference) -> list[Known]:
    condition = scope.find(node.input[0]) if node.input else None
    branches = dict(subgraphs(node))
    holds = _only(condition)
    if holds is not None:
        name = "then_branch" if holds else "else_branch"
        if name in branches:
            scope.taken[index] = name
            return _run(index, name, branches[name], {}, 1, scope, inference)
    results = [_run(index, name, body, {}, 1, scope, inference) for name, body in branches.items()]
    if not results:
        return [Known() for _ in node.output]
    merged = [Known(k.dtype, k.shape) for k in results[0]]
    for other in results[1:]:
        merged = [Known(a.dtype or b.dtype, _common(a.shape, b.shape)) for a, b in zip(merged, other, strict=False)]
    return merged


def _loop(index: int, node: NodeProto, scope: Scope, inference: Inference) -> list[Known]:
    """Loop(M, cond, v...): carried values keep only the sizes that one turn does not change."""
    body = dict(subgraphs(node)).get("body")
    if body is None:
        return [Known() for _ in node.output]
    count = scope.find(node.input[0]) if node.input and node.input[0] else None
    condition = scope.find(node.input[1]) if len(node.input) > 1 and node.input[1] else None
    carried = [_fresh(scope.find(n)) if n else Known() for n in node.input[2:]]
    names = [i.name for i in body.input]

    def given(values: list[Known]) -> dict[str, Known]:
        fixed = [Known(DType.INT64, ()), Known(DType.BOOL, ())]
        return dict(zip(names, [*fixed, *values], strict=False))

    outs = _run(index, "body", body, given(carried), None, scope, inference)
    after = outs[1 : 1 + len(carried)]
    settled = [Known(a.dtype or b.dtype, _common(a.shape, b.shape)) for a, b in zip(carried, after, strict=False)]
    if [k.shape for k in settled] != [k.shape for k in carried]:
        scope.children[index].clear()
        outs = _run(index, "body", body, given(settled), None, scope, inference)
    trips = None
    most = _only(count)
    starts = condition is None or bool(_only(condition))
    if isinstance(most, int) and starts and _always_goes_on(body, outs[0] if outs else Known()):
        trips = max(0, most)
    name, inner, _ = scope.children[index][-1]
    scope.children[index] = [(name, inner, trips)]
    scans = [_stacked(k, trips, 0) for k in outs[1 + len(carried) :]]
    return [*settled, *scans]


def _always_goes_on(body: GraphProto, condition: Known) -> bool:
    if condition.data is not None:
        return bool(_only(condition))
    passed_on = body.output[0].name if body.output else ""
    identities = {n.output[0]: n.input[0] for n in body.node if n.op_type == "Identity" and n.input and n.output}
    for _ in range(len(identities)):
        passed_on = identities.get(passed_on, passed_on)
    return len(body.input) > 1 and passed_on == body.input[1].name


def _scan(index: int, node: NodeProto, scope: Scope, inference: Inference) -> list[Known]:
    """Scan of opset 9 and later: the last `num_scan_inputs` inputs are cut along their axis, one slice a turn."""
    body = dict(subgraphs(node)).get("body")
    ints = {a.name: list(a.ints) if a.ints else a.i for a in node.attribute if a.name != "body"}
    count = ints.get("num_scan_inputs", 0)
    if body is None or not isinstance(count, int) or not 0 < count <= len(node.input):
        return [Known() for _ in node.output]
    states = [_fresh(scope.find(n)) for n in node.input[: len(node.input) - count]]
    axes = ints.get("scan_input_axes", [0] * count)
    trips: Dim = None
    slices: list[Known] = []
    for name, axis in zip(
        node.input[len(node.input) - count :], axes if isinstance(axes, list) else [0] * count, strict=False
    ):
        known = scope.find(name) or Known()
        if known.shape is None or not -len(known.shape) <= axis < len(known.shape):
            slices.append(Known(known.dtype))
            continue
        trips = known.shape[axis] if trips is None else trips
        axis %= len(known.shape)
        slices.append(Known(known.dtype, (*known.shape[:axis], *known.shape[axis + 1 :])))
    names = [i.name for i in body.input]
    turns = trips if isinstance(trips, int) else None
    outs = _run(index, "body", body, dict(zip(names, [*states, *slices], strict=False)), turns, scope, inference)
    out_axes = ints.get("scan_output_axes", 0)
    results = [Known(a.dtype or b.dtype, _common(a.shape, b.shape)) for a, b in zip(states, outs, strict=False)]
    for i, known in enumerate(outs[len(states) :]):
        axis = out_axes[i] if isinstance(out_axes, list) and i < len(out_axes) else 0
        results.append(_stacked(known, trips, axis))
    return results


def _fresh(known: Known | None) -> Known:
    """A carried value at the start of a turn: its type and shape, but no longer a constant."""
    return Known() if known is None else Known(known.dtype, known.shape, sequence=known.sequence)


def _stacked(known: Known, trips: Dim, axis: int) -> Known:
    if known.shape is None:
        return Known(known.dtype)
    axis %= len(known.shape) + 1
    return Known(known.dtype, (*known.shape[:axis], trips, *known.shape[axis:]))
