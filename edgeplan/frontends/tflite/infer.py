"""Sizes of every tensor: as the file declares them, computed anew behind an input whose size is free or bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.tflite.call import Call, Elements
from edgeplan.frontends.tflite.contents import contents, of_constant
from edgeplan.frontends.tflite.read import ABSENT, Operator, Subgraph, TfliteFile
from edgeplan.frontends.tflite.shapes import RULES
from edgeplan.frontends.tflite.tensors import Tensor
from edgeplan.graph import Dim, Shape

__all__ = ["Bindings", "Sizes", "declared", "infer"]

_IMPURE = frozenset(
    {
        "ASSIGN_VARIABLE", "CALL", "CALL_ONCE", "DELEGATE", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT",
        "HASHTABLE_LOOKUP", "HASHTABLE_SIZE", "IF", "MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM",
        "READ_VARIABLE", "STABLEHLO_CUSTOM_CALL", "STABLEHLO_RNG_BIT_GENERATOR", "VAR_HANDLE", "WHILE",
    }
)  # fmt: skip
"""Ops whose output is no constant even when all their inputs are."""


@dataclass(frozen=True)
class Bindings:
    """What is known of a graph's inputs: their shapes, and the contents of those fixed to a value.

    `resized` says that a size the file declares fixed is another one here: then nothing it declares further on holds.
    """

    shapes: Mapping[int, Shape] = field(default_factory=dict)
    contents: Mapping[int, Elements] = field(default_factory=dict)
    resized: bool = False


@dataclass
class Sizes:
    """Shapes, small contents and constness by tensor, and the sizes of bodies by op and option."""

    shapes: dict[int, Shape]
    contents: dict[int, Elements]
    const: set[int]
    bodies: dict[tuple[int, str], Sizes]


def declared(tensor: Tensor) -> Shape:
    """The shape a file declares, None on the axes it leaves open."""
    signature = tensor.signature
    return None if signature is None else tuple(None if d < 0 else d for d in signature)


def infer(file: TfliteFile, graph: Subgraph, bound: Bindings) -> Sizes:
    """The sizes of every tensor of a graph. Raises `ModelError` when an op reads what nothing has made yet."""
    made = {t for op in graph.ops for t in op.outputs}
    inputs = set(graph.inputs)
    known = Sizes({}, {}, set(), {})
    for i, tensor in enumerate(graph.tensors):
        if i in made and not tensor.variable:
            if i in inputs or tensor.const:
                raise ModelError(f"value {tensor.name!r} is given and produced as well")
            continue
        known.shapes[i] = bound.shapes.get(i, declared(tensor))
        found = bound.contents.get(i, of_constant(tensor.data))
        if found is not None:
            known.contents[i] = found
        if i in bound.contents or (tensor.const and i not in inputs):
            known.const.add(i)
    for number, op in enumerate(graph.ops):
        for i in op.inputs:
            if i != ABSENT and i not in known.shapes:
                raise ModelError(f"an op {op.type} reads {graph.tensors[i].name!r} before anything has made it")
        _op(file, graph, number, op, known, bound.resized)
    return known


def _op(file: TfliteFile, graph: Subgraph, number: int, op: Operator, known: Sizes, resized: bool) -> None:
    call = Call(
        op.type,
        op.attrs,
        tuple(None if i == ABSENT else known.shapes[i] for i in op.inputs),
        tuple(known.contents.get(i) for i in op.inputs),
        len(op.outputs),
    )
    moved = any(i != ABSENT and known.shapes[i] != graph.tensors[i].shape for i in op.inputs)
    wanted = _bodies(file, number, op, known, resized) if op.bodies else None
    free = any(None in (declared(graph.tensors[i]) or (None,)) for i in op.outputs)
    if wanted is None and (moved or free):
        wanted = _ruled(call)
    for slot, i in enumerate(op.outputs):
        tensor = graph.tensors[i]
        if i in known.shapes and not tensor.variable:
            raise ModelError(f"value {tensor.name!r} is produced twice")
        shape = declared(tensor)
        if wanted is not None and slot < len(wanted):
            shape = _merged(wanted[slot], shape, moved, resized)
        elif moved and resized and shape is not None:
            shape = (None,) * len(shape)
        known.shapes[i] = shape
    if _has_contents(call):
        small = zip(op.outputs, contents(call), strict=False)
        known.contents.update((i, elements) for i, elements in small if elements is not None)
    if (
        op.inputs
        and not op.domain
        and op.type not in _IMPURE
        and known.const.issuperset(i for i in op.inputs if i >= 0)
    ):
        known.const.update(op.outputs)


def _has_contents(call: Call) -> bool:
    return call.type in ("SHAPE", "RANK") or any(c is not None for c in call.contents)


def _ruled(call: Call) -> list[Shape] | None:
    """What the op's rule says; None without one, or where the inputs do not fit the op."""
    rule = RULES.get(call.type)
    if rule is None:
        return None
    try:
        return rule(call)
    except (IndexError, TypeError, ValueError):
        return None


def _merged(inferred: Shape, shape: Shape, moved: bool, resized: bool) -> Shape:
    """The inferred shape, and where it knows nothing the declared one, as long as that can still hold."""
    if inferred is None:
        return None if resized or shape is None or (moved and None not in shape) else shape
    if shape is None or len(shape) != len(inferred) or resized:
        return inferred

    def axis(mine: Dim, theirs: Dim) -> Dim:
        return theirs if mine is None or (not moved and theirs is not None) else mine

    return tuple(axis(a, b) for a, b in zip(inferred, shape, strict=True))


def _bodies(file: TfliteFile, number: int, op: Operator, known: Sizes, resized: bool) -> list[Shape] | None:
    """Infer the bodies of an op; returns the shapes of what they give back, where the op hands that on."""
    given: Sequence[int] = (
        op.inputs[1:] if op.type == "IF" else () if op.type in ("CALL_ONCE", "STABLEHLO_CASE") else op.inputs
    )
    back: list[Shape] | None = None
    for name, index in op.bodies:
        body = file.subgraph(index)
        shapes: dict[int, Shape] = {}
        for inner, outer in zip(body.inputs, given, strict=False):
            if outer != ABSENT:
                shapes[inner] = _carried(known.shapes[outer], body.tensors[inner], op.type, resized)
        sizes = infer(file, body, Bindings(shapes, resized=resized))
        known.bodies[number, name] = sizes
        if name not in ("cond_subgraph_index", "init_subgraph_index"):
            given_back = [sizes.shapes.get(i) for i in body.outputs]
            back = given_back if back is None else [_agreed(*pair) for pair in zip(back, given_back, strict=False)]
    return back


def _agreed(one: Shape, other: Shape) -> Shape:
    """What two branches that give back one value say of its shape together."""
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))


def _carried(shape: Shape, tensor: Tensor, op: str, resized: bool) -> Shape:
    """What a body's input is: as it is given, but what a loop may change stays open as the file says."""
    signature = declared(tensor)
    if "WHILE" in op and signature is not None and shape is not None and len(shape) == len(signature) and not resized:
        return tuple(theirs if theirs is None else mine for mine, theirs in zip(shape, signature, strict=True))
    return shape if shape is not None else signature
