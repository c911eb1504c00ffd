"""Builds every op that edgeplan lowers a model to with coremltools' own builder, and compares the inferred types.

Run it where coremltools 9.0 and edgeplan's requirements are installed:
`python -m benchmarks.agreement.mil_builder [--precision float32] MODEL.onnx ...`. One line for each op that the builder
refuses and edgeplan's rows do not, that it takes and they refuse, or whose outputs it gives another shape or element
type. Ops with bodies and lists of tensors are passed over.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agreement.judge import unit_target
from edgeplan.capability.rows import load_backend
from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx import load_onnx
from edgeplan.graph import Dim, Graph, Op, Value
from edgeplan.lower import lower_to
from edgeplan.place.support import Judge, Verdict
from edgeplan.verify.ask.mil_build import array, label, mil_name, parameter

__all__ = ["complaints"]

PASSED_OVER = ("cond", "list_", "make_list", "while_loop")
WRONG = ("refused", "taken", "differs")
"""By the builder and not by edgeplan; by the builder although edgeplan refuses; with another shape or type."""


def complaints(graph: Graph, release: str) -> Iterator[tuple[str, Op, str]]:
    """What the builder says of the ops of a lowered graph: `passed`, or one of `WRONG`, or why it was not asked."""
    judge = Judge(unit_target("coreml", "cpu", release))
    for inner, op in graph.walk():
        if op.domain:
            yield "left", op, op.label
        elif op.type.startswith(PASSED_OVER):
            yield "passed over", op, op.type
        else:
            support = judge.support(inner, op)[0]
            refused = support.verdict is Verdict.REFUSES
            yield _try(inner, op, release, ", ".join(r.id for r in support.rows) if refused else "")


def _try(graph: Graph, op: Op, release: str, rows: str) -> tuple[str, Op, str]:
    values = [graph.values[n] for n in (*op.inputs, *op.outputs)]
    if any(v.dtype is None or v.shape is None for v in values if not v.const):
        return "untyped", op, ""
    try:
        found = _built(graph, op, release.replace(" ", ""))
    except Exception as e:  # any refusal of the builder, whatever it raises
        return ("both refuse" if rows else "refused"), op, f"{type(e).__name__}: {e}"
    if rows:
        return "taken", op, f"but edgeplan refuses it: {rows}"
    wanted = [graph.values[o] for o in op.outputs]
    wrong = [why for value, var in zip(wanted, found, strict=False) for why in _differs(value, var)]
    return ("differs" if wrong else "passed"), op, "; ".join(wrong)


def _built(graph: Graph, op: Op, release: str) -> list[Any]:
    """The output variables of the op, built alone: what it reads at run time is an input of the program."""
    import coremltools as ct
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813  # as coremltools writes it
    from coremltools.converters.mil.mil import Function
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    values = [graph.values[n] for n in op.inputs]
    names = {v.name: f"v{i}" for i, v in enumerate(values)}
    inputs = {names[v.name]: _placeholder(v) for v in values if not v.const}
    cls = SSAOpRegistry.core_ops[op.type][ct.target[release]]
    with Function(inputs, ct.target[release]) as function:
        given: dict[str, Any] = {}
        for port, value in zip(op.ports, values, strict=True):
            var = mb.const(val=_array(value)) if value.const else function.inputs[names[value.name]]
            several = type(cls.input_spec.input_types[port]).__name__ == "TupleInputType"
            given[port] = [*given.get(port, []), var] if several else var
        out_type = graph.values[op.outputs[0]].dtype
        made = label(out_type.label) if out_type else ""
        # A parameter that only older releases have, as NMS's score_threshold, says nothing about this one.
        for name, attr in ((n, a) for n, a in op.attrs.items() if n in cls.input_spec.input_types):
            given[name] = parameter(attr, cls, name, given, made)
        out = getattr(mb, op.type)(**given)
        found = list(out) if isinstance(out, tuple | list) else [out]
        function.set_outputs(found)
    if any(len(var.shape) > 5 for var in found):
        raise ValueError("Core ML only supports tensors with rank <= 5")
    return found


def _placeholder(value: Value) -> Any:
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813  # as coremltools writes it
    from coremltools.converters.mil.mil import get_new_symbol, types

    assert value.dtype is not None
    shape = [d if isinstance(d, int) else get_new_symbol() for d in value.shape or ()]
    return mb.placeholder(shape, types.string_to_builtin(label(value.dtype.label)), allow_rank0_input=True)


def _array(value: Value) -> Any:
    assert value.dtype is not None
    shape = tuple(d for d in value.shape or () if isinstance(d, int))
    return array({"dtype": value.dtype.label, "shape": shape, "data": value.data})


def _differs(value: Value, var: Any) -> Iterator[str]:
    dtype = mil_name(var)
    if value.dtype is not None and label(value.dtype.label) != dtype:
        yield f"{value.dtype} where the builder infers {dtype}"
    if value.shape is not None and not _alike(value.shape, tuple(var.shape)):
        yield f"{value.shape} where the builder infers {tuple(var.shape)}"


def _alike(ours: tuple[Dim, ...], theirs: tuple[Any, ...]) -> bool:
    """Equal ranks, and equal sizes where both know one."""
    sizes = (
        (a, b) for a, b in zip(ours, theirs, strict=False) if isinstance(a, int) and isinstance(b, int | np.integer)
    )
    return len(ours) == len(theirs) and all(a == b for a, b in sizes)


def main() -> int:
    """Lower the models as for the newest release and print what the builder does not take."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement.mil_builder", description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--precision", default="float16", choices=("float16", "float32"))
    parser.add_argument("--release", default="iOS 18")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    counts: Counter[str] = Counter()
    backend = load_backend("coreml")
    for path in given.models:
        try:
            graph = load_onnx(path).graph
        except ModelError as e:
            counts["unreadable"] += 1
            print(f"{path.stem}: {e}")
            continue
        lowered = lower_to(graph, "mil", given.precision, backend.fusions(given.release))
        for word, op, why in complaints(lowered, given.release):
            counts[word] += 1
            if word in WRONG:
                print(f"{path.stem}: {op.name} {word}: {why}")
    print(", ".join(f"{n} {word}" for word, n in counts.most_common()))
    return int(any(counts[word] for word in WRONG))


if __name__ == "__main__":
    sys.exit(main())
