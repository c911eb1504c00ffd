"""The copy of a model that a compiler is given: sizes bound, values typed, ops named as edgeplan's Graph names them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.frontends.errors import ModelError
from edgeplan.graph import Graph

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

__all__ = ["Prepared", "prepare"]

_LARGEST = 2**31 - 2**20
"""Bytes of a protobuf message that can be written; more has to lie in external files, which are left as they are."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model's graph, and the file to hand to a compiler; a name of an op means the same in both.

    The ops of a .tflite file have no names there: `Graph.ops[i]` is the operator `i` of its first subgraph, and
    `shapes` are the input shapes that the interpreter has to be resized to.
    """

    graph: Graph
    path: Path
    free: tuple[str, ...]
    missing: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]


def prepare(
    source: Path,
    folder: Path,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Prepared:
    """Read a model and put a copy of it for compilers into `folder`; the file itself is never touched.

    `dims`, `shapes` and `values` bind its inputs as in `edgeplan.load`. External weights are copied beside it. Raises
    `ModelError` when the model cannot be analysed, `BindingError` when a binding does not fit it.
    """
    from edgeplan.frontends import dialect_of, load_model

    loaded = load_model(source, dims, shapes, values)
    sized = {n: loaded.graph.values[n].shape for n in loaded.graph.inputs}
    known = {n: tuple(d for d in s if isinstance(d, int)) for n, s in sized.items() if s is not None}
    fixed = {n: s for n, s in known.items() if len(s) == len(sized[n] or ())}
    if dialect_of(source) == "tflite":
        return Prepared(loaded.graph, source, loaded.free, loaded.missing, fixed if dims or shapes else {})
    path = folder / "model.onnx"
    model = _whole(source)
    locations = list(_externals(model))
    from edgeplan.frontends.onnx.bind import bind
    from edgeplan.frontends.onnx.inline import inline

    if model.functions:
        model = inline(model)
    bind(model, dims or {}, shapes or {}, values or {})
    _name(model.graph, loaded.graph)
    _declare(model.graph, loaded.graph)
    if model.ByteSize() > _LARGEST:
        raise ModelError("too large to be written again as one file; keep its weights in external files")
    path.write_bytes(model.SerializeToString())
    for location in locations:
        if location not in loaded.missing:
            (folder / location).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.parent / location, folder / location)  # runtimes refuse links of either kind
    return Prepared(loaded.graph, path, loaded.free, loaded.missing, fixed)


def _whole(source: Path) -> ModelProto:
    import onnx

    return onnx.load(source, load_external_data=False)


def _externals(model: ModelProto) -> Iterator[str]:
    """The external files a model names, each once. `load_model` has held them to the model's folder."""
    from onnx.external_data_helper import _get_all_tensors, uses_external_data

    found: dict[str, None] = {}
    for tensor in _get_all_tensors(model):
        if uses_external_data(tensor):
            found.update((e.value, None) for e in tensor.external_data if e.key == "location")
    yield from found


def _name(graph: GraphProto, known: Graph) -> None:
    """Give every node the name of the op it became, bodies included, and its own behind `aside/` where it became none:
    a constant, or an op of a branch that is not taken.
    """
    from edgeplan.frontends.onnx.read import subgraphs

    names: dict[str, str] = {}
    for _, op in known.walk():
        for out in op.outputs:
            names.setdefault(out, op.name)
    taken = set(names.values())
    waiting = [graph]
    while waiting:
        for node in waiting.pop().node:
            first = next((o for o in node.output if o), "")
            node.name = names.pop(first, "") or _fresh(f"aside/{node.name or first}", taken)
            waiting += [inner for _, inner in subgraphs(node)]


def _fresh(name: str, taken: set[str]) -> str:
    """The name, numbered when it was given before, and taken from now on."""
    tries = chain((name,), (f"{name}#{number}" for number in count(2)))
    found = next(each for each in tries if each not in taken)
    taken.add(found)
    return found


def _declare(graph: GraphProto, known: Graph) -> None:
    """Say the type and shape of every value the file leaves open.

    Compilers ask for it: what QNN's inference does not reach ends its session, and a part cut out of a graph for
    TensorRT needs its inputs typed. Types that ONNX has in several kinds (float8) stay open.
    """
    from onnx import TensorProto, helper

    made = {o for node in graph.node for o in node.output if o}
    made.difference_update(i.name for i in (*graph.input, *graph.output, *graph.value_info))
    kinds = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}
    for name, value in known.values.items():
        if name not in made or value.dtype is None or value.shape is None:
            continue
        kind = kinds.get(value.dtype.label) or dict(TensorProto.DataType.items()).get(value.dtype.label.upper())
        if kind is not None:
            shape = [f"{name}.{axis}" if size is None else size for axis, size in enumerate(value.shape)]
            graph.value_info.append(helper.make_tensor_value_info(name, kind, shape))
