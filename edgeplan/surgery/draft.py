"""The model under the knife: onnx_ir's graph with edgeplan's shapes on it, and what is planned of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir.passes.common import InlinePass, LiftConstantsToInitializersPass

from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.loaded import Loaded
from edgeplan.frontends.mapped import mapped
from edgeplan.frontends.onnx.wire import has_field
from edgeplan.graph import DType, Graph
from edgeplan.surgery.blank import has_blank_weights, mark_blank
from edgeplan.surgery.external import keep_inside
from edgeplan.surgery.looking import KNOWN, bodies
from edgeplan.surgery.rewrite import Context

__all__ = ["Declared", "Draft", "declared", "graphs", "quiet", "weightless"]

_TRAINING = 20
"""The number of ModelProto's field `training_info`."""

_STUB = 8192
"""Bytes above which a weight is left out of the model that is planned: shapes, axes and scalars are smaller."""

_DTYPES = {
    d: getattr(ir.DataType, d.label.upper().replace("FLOAT32", "FLOAT").replace("FLOAT64", "DOUBLE"), None)
    for d in DType
}


@dataclass(frozen=True, slots=True)
class Declared:
    """What a model says of an input or output of its own, beside its name and element type."""

    shape: ir.Shape | None
    doc_string: str | None
    denotation: str | None
    metadata_props: Mapping[str, str]


def declared(graph: ir.Graph) -> dict[str | None, Declared]:
    """What a graph says of its inputs and outputs, by name."""
    return {
        v.name: Declared(v.shape, v.doc_string, v.type.denotation if v.type else None, dict(v.metadata_props))
        for v in (*graph.inputs, *graph.outputs)
    }


class Draft:
    """A model that can be changed. `graph` is what edgeplan reads of it: shapes, small constants, where values go.

    Opened by `Draft.open`; after changes `refresh` reads it again. Weights stay where they are until asked for.
    `blank` says that they are all one number, in a model that is not trained yet: no rewrite counts on it then.
    """

    def __init__(self, model: ir.Model, read: Loaded | None = None) -> None:
        """A draft of a model, whose functions are written out; `read` is what edgeplan reads of it, if known."""
        if model.functions:
            InlinePass()(model)
            read = None
        for graph in graphs(model.graph):
            _refuse_odd(graph)
            if not _in_order(graph):
                graph.sort()
        self.declared = declared(model.graph)
        LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
        self.model = model
        self.blank = has_blank_weights(model)
        if self.blank:
            mark_blank(model)
        self.names = {n: 1 for g in graphs(model.graph) for n in _names(g)}
        if self._tell_apart():
            read = None
        self.read = read if read is not None else load_model(weightless(model))
        _annotate(model, self.read.graph)

    @classmethod
    def open(cls, source: Path | onnx.ModelProto) -> Draft:
        """The draft of an ONNX file or ModelProto. Raises `edgeplan.ModelError`; nothing outside its folder is read."""
        if dialect_of(source) != "onnx":
            raise ModelError("cannot be changed: it is no ONNX model")
        read = load_model(source)
        if read.missing:
            raise ModelError(f"the file of its weights is not there: {read.missing[0]!r}")
        if _trains(source):
            raise ModelError("cannot be changed: it holds training steps, which would no longer fit it")
        try:
            with quiet():
                model = ir.from_proto(source) if isinstance(source, onnx.ModelProto) else ir.load(source)
        except ir.serde.SerdeError as e:
            raise ModelError(f"cannot be changed: {_cause(e)}") from None
        if isinstance(source, Path):
            keep_inside(model.graph, source.parent)
        return cls(model, read)

    @property
    def graph(self) -> Graph:
        """What edgeplan knows of the model, as of the last `refresh`."""
        return self.read.graph

    @property
    def context(self) -> Context:
        """What rewrites may know of it."""
        return Context({("" if d == "ai.onnx" else d): v for d, v in self.model.graph.opset_imports.items()})

    @property
    def ops(self) -> int:
        """The number of nodes, those of bodies included."""
        return sum(len(g) for g in graphs(self.model.graph))

    def refresh(self) -> None:
        """Infer shapes and constants anew."""
        self.read = load_model(weightless(self.model))
        _annotate(self.model, self.read.graph)

    def copy(self) -> Draft:
        """Another draft of the same model, that can be thrown away; the weights are shared."""
        made = Draft.__new__(Draft)
        made.model, made.names, made.read = self.model.clone(), dict(self.names), self.read
        made.declared, made.blank = self.declared, self.blank
        _annotate(made.model, made.read.graph)
        return made

    def _tell_apart(self) -> bool:
        """Rename values whose name another body has for one of its own, so that ops can leave a body as they are."""
        seen: set[str] = set()
        renamed = False
        for graph in graphs(self.model.graph):
            own = (*graph.inputs, *graph.initializers.values(), *(o for n in graph for o in n.outputs))
            for value in dict.fromkeys(own):
                if value.name and value.name in seen:
                    value.name, renamed = self.fresh(value.name), True
                seen.add(value.name or "")
        return renamed

    def fresh(self, wish: str) -> str:
        """A name nothing in the model has yet, like `wish`; it is taken from now on."""
        name = wish
        while name in self.names:
            self.names[wish] += 1  # names with lower numbers are taken
            name = f"{wish}_{self.names[wish]}"
        self.names[name] = 1
        return name


@contextmanager
def quiet() -> Iterator[None]:
    """Where onnx_ir writes no warnings: what it warns of is refused here, or of types that it was never told."""
    said = logging.getLogger("onnx_ir")
    level = said.level
    said.setLevel(logging.ERROR)
    try:
        yield
    finally:
        said.setLevel(level)


def _trains(source: Path | onnx.ModelProto) -> bool:
    """Whether a model holds training steps beside its graph."""
    if isinstance(source, onnx.ModelProto):
        return len(source.training_info) > 0
    return has_field(mapped(source), _TRAINING)


def _in_order(graph: ir.Graph) -> bool:
    """Whether every node comes after those it reads, which files need not hold to and onnx_ir's copies need."""
    seen: set[ir.Node] = set()
    for node in graph:
        if any(
            v is not None and (p := v.producer()) is not None and p.graph is graph and p not in seen
            for v in node.inputs
        ):
            return False
        seen.add(node)
    return True


def _refuse_odd(graph: ir.Graph) -> None:
    """Raise `ModelError` for what onnx_ir cannot hold: sparse or typeless weights, bodies that hand out what is not
    theirs.
    """
    for name, weight in graph.initializers.items():
        tensor = weight.const_value
        if tensor is not None and tensor.dtype == ir.DataType.UNDEFINED:
            raise ModelError(f"cannot be changed: the weight {name!r} has no type")
        if isinstance(tensor, ir.StringTensor) and len(tensor.string_data()) != tensor.size:
            raise ModelError(f"cannot be changed: the weight {name!r} has {len(tensor.string_data())} strings")
    for node in graph:
        for value in node.inputs:
            if value is None or value.producer() is not None or value.is_graph_input() or value.is_initializer():
                continue
            raise ModelError(f"cannot be changed: {value.name!r} is a sparse weight")
        for body in bodies(node):
            own = {*body.inputs, *body.initializers.values(), *(o for inner in body for o in inner.outputs)}
            for value in body.outputs:
                if value not in own:
                    raise ModelError(f"cannot be changed: a body hands out {value.name!r} of the graph around it")


def _cause(error: BaseException) -> str:
    """The first line of what an error began with: onnx_ir tells of each level it passed."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def graphs(graph: ir.Graph) -> Iterator[ir.Graph]:
    """A graph, and every body in it."""
    yield graph
    for node in graph:
        for inner in bodies(node):
            yield from graphs(inner)


def _names(graph: ir.Graph) -> Iterator[str]:
    yield from (v.name for v in graph.inputs if v.name)
    yield from graph.initializers
    for node in graph:
        if node.name:
            yield node.name
        yield from (v.name for v in node.outputs if v.name)


def weightless(model: ir.Model) -> onnx.ModelProto:
    """The model as a ModelProto in which large weights are headers alone: what planning needs, and no more."""
    kept: list[tuple[ir.Value, ir.TensorProtocol]] = []
    for graph in graphs(model.graph):
        for value in graph.initializers.values():
            tensor = value.const_value
            if tensor is not None and tensor.nbytes > _STUB:
                kept.append((value, tensor))
                value.const_value = ir.ExternalTensor(
                    "weights",
                    0,
                    tensor.nbytes,
                    tensor.dtype,
                    shape=ir.Shape(list(tensor.shape.numpy())),
                    name=value.name or "",
                )
            elif isinstance(tensor, ir.ExternalTensor):  # a ModelProto does not say in which folder
                kept.append((value, tensor))
                value.const_value = ir.Tensor(np.array(tensor.numpy()), dtype=tensor.dtype, name=value.name)
                tensor.release()
    try:
        with quiet():
            return ir.to_proto(model)
    except ir.serde.SerdeError as e:
        raise ModelError(f"cannot be changed: {_cause(e)}") from None
    finally:
        for value, tensor in kept:
            value.const_value = tensor


def _annotate(model: ir.Model, graph: Graph) -> None:
    """Write what edgeplan inferred onto the values; names that mean different values in different bodies are left."""
    found = dict(graph.values)
    seen: dict[str, int] = dict.fromkeys(found, 0)
    for at, (inner, _) in enumerate(graph.walk()):
        if inner is graph:
            continue
        for name, value in inner.values.items():
            if name not in seen:
                found[name], seen[name] = value, id(inner) or at
            elif found[name] != value:
                found.pop(name, None) if seen[name] else None
                found.setdefault(name, graph.values[name]) if name in graph.values else None
    for part in graphs(model.graph):
        for made in _values(part):
            known = found.get(made.name or "")
            made.meta.pop(KNOWN, None)
            if known is None or _is_sequence(made):
                continue
            if known.shape is not None:
                made.shape = ir.Shape(list(known.shape))
            dtype = _DTYPES.get(known.dtype) if known.dtype is not None else None
            if dtype is not None and made.dtype is None:
                made.dtype = dtype
            if known.data is not None and known.sizes is not None and known.dtype is not DType.STRING:
                made.meta[KNOWN] = np.array(known.data, dtype=dtype.numpy() if dtype else None).reshape(known.sizes)


_SEQUENCES = frozenset(
    ("SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceMap", "SplitToSequence")
)
"""Ops that make sequences: what is known of one is known of its elements, and is no type of a tensor."""


def _is_sequence(value: ir.Value) -> bool:
    maker = value.producer()
    return maker is not None and maker.op_type in _SEQUENCES


def _values(graph: ir.Graph) -> Iterator[ir.Value]:
    yield from graph.inputs
    for node in graph:
        yield from node.outputs
