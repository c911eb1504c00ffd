"""Shapes and constants: onnx's own inference first, then one forward pass that computes what it leaves open."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TypeProto, numpy_helper, shape_inference

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx.contrib import contrib_shapes, standard_form
from edgeplan.frontends.onnx.domains import is_default, opsets_of, plain_domain
from edgeplan.frontends.onnx.fold import fold
from edgeplan.frontends.onnx.hazards import has_hazard, is_hazard
from edgeplan.frontends.onnx.loops import infer_control
from edgeplan.frontends.onnx.partial import follow, made_shape
from edgeplan.frontends.onnx.read import subgraphs
from edgeplan.frontends.onnx.scope import Known, Scope, merge, type_of
from edgeplan.frontends.onnx.sequences import infer_sequence
from edgeplan.frontends.onnx.tensors import FOLD_LIMIT, dtype_of, small_array
from edgeplan.graph import DType

__all__ = ["Inference", "infer"]

LARGEST_CONSTANT = 2**31
"""Bytes of the largest constant a model may compute from nothing: what one protobuf holds."""

_RANDOM = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli", "Dropout"}
)
_NP = {
    "float16": DType.FLOAT16, "float32": DType.FLOAT32, "float64": DType.FLOAT64, "bool": DType.BOOL,
    "bfloat16": DType.BFLOAT16, **{d.label: d for d in DType if d.label.lstrip("u").startswith("int")},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inference:
    """What the forward pass needs of the model: its opsets and the names of its free dimensions."""

    opsets: dict[str, int]
    ir_version: int
    symbols: frozenset[str]

    def graph(self, graph: GraphProto, scope: Scope) -> None:
        """Fill `scope` for one graph, in the order of its nodes, bodies included."""
        self._declared(graph, scope)
        for index, node in enumerate(graph.node):
            self._node(index, node, scope)

    def _declared(self, graph: GraphProto, scope: Scope) -> None:
        for info in (*graph.value_info, *graph.output, *graph.input):
            if info.HasField("type"):
                known = type_of(info.type, self.symbols)
                scope.values[info.name] = merge(scope.values.get(info.name), known)
        for tensor in graph.initializer:
            scope.values[tensor.name] = _constant(tensor)
        for sparse in graph.sparse_initializer:
            scope.values[sparse.values.name] = Known(dtype_of(sparse.values.data_type), tuple(sparse.dims), True)

    def _node(self, index: int, node: NodeProto, scope: Scope) -> None:
        names, made = [*node.input], [*node.output]  # lists: a protobuf's own are slow to go through
        inputs = [scope.find(n) if n else None for n in names]
        given = [known for known, n in zip(inputs, names, strict=True) if n]
        default = is_default(node.domain)
        if default and node.attribute and subgraphs(node):
            outputs = infer_control(index, node, scope, self)
        elif default and node.op_type == "Constant":
            outputs = [_constant_node(node)]
        else:
            outputs = self._compute(node, inputs, given, made, default, scope)
        const = default and _is_constant(node, given)
        for name, new in zip(made, outputs, strict=False):
            if not name:
                continue
            known = merge(scope.values.get(name), new)
            known.const = const or new.const
            if default and name == made[0] and known.data is None:
                _follow(node, inputs, known)
            if known.const and known.data is None and node.op_type != "Constant":
                _check_constant(node, known)
            scope.values[name] = known

    def _compute(
        self,
        node: NodeProto,
        inputs: list[Known | None],
        given: list[Known | None],
        made: list[str],
        default: bool,
        scope: Scope,
    ) -> list[Known]:
        """The outputs `made`, from `inputs`, absent ones among them, or from those `given` alone."""
        if default:
            folded = _fold(node, inputs, given)
            if folded is not None:
                return folded
        declared = [scope.values.get(n) or Known() for n in made]
        if all(d.settled for d, n in zip(declared, made, strict=True) if n):
            return declared
        sequence = infer_sequence(node, inputs) if default else None
        if sequence is not None:
            return sequence
        shapes = contrib_shapes(node, inputs)
        if shapes is not None:
            return shapes
        form = None if default else standard_form(node, inputs)
        if form is not None:
            standard, given, dtype = form
            return [Known(dtype, found.shape) for found in self._infer_node(standard, given)]
        shaped = made_shape(node, inputs) if default else None
        return [shaped] if shaped is not None else self._infer_node(node, inputs)

    def _infer_node(self, node: NodeProto, inputs: list[Known | None]) -> list[Known]:
        """Ask onnx about this one node again, now with the types and contents found since."""
        domain = plain_domain(node.domain)
        version = self.opsets.get(domain, 0)
        types: dict[str, TypeProto] = {}
        data: dict[str, TensorProto] = {}
        for name, known in zip(node.input, inputs, strict=True):
            if known is None:
                continue
            proto = _proto(known)
            if proto is not None:
                types[name] = proto
            if known.data is not None:
                data[name] = numpy_helper.from_array(known.data, name)
        if not domain and is_hazard(node, version, types):
            return [Known() for _ in node.output]
        try:
            schema = onnx.defs.get_schema(node.op_type, version, domain)
            found = shape_inference.infer_node_outputs(
                schema,
                node,
                types,
                data,
                None,
                [onnx.helper.make_opsetid(d, v) for d, v in self.opsets.items()],
                self.ir_version,
            )
        except Exception:  # the C++ side raises a dozen types for shapes that do not fit; the value then stays unknown
            return [Known() for _ in node.output]
        return [type_of(found[n], self.symbols) if n in found else Known() for n in node.output]


def infer(model: ModelProto, symbols: frozenset[str]) -> Scope:
    """The scope of the main graph. `model` is not changed; `symbols` names its free dimensions.

    Raises `ModelError` when the model would compute a constant above `LARGEST_CONSTANT`.
    """
    opsets = opsets_of(model)
    inferred = model
    if not has_hazard(model.graph, opsets.get("", 0)):
        # onnx gives up on the whole model when one op's declared types clash: the forward pass goes on
        with suppress(Exception):
            inferred = shape_inference.infer_shapes(model, check_type=False, strict_mode=False, data_prop=False)
    scope = Scope()
    Inference(opsets, inferred.ir_version, symbols).graph(inferred.graph, scope)
    return scope


def _constant(tensor: TensorProto) -> Known:
    return Known(dtype_of(tensor.data_type), tuple(tensor.dims), True, small_array(tensor))


def _constant_node(node: NodeProto) -> Known:
    import numpy as np

    for a in node.attribute:
        if a.name == "value":
            return _constant(a.t)
        if a.name in ("value_float", "value_floats"):
            return _array(np.array(a.f if a.name == "value_float" else list(a.floats), np.float32))
        if a.name in ("value_int", "value_ints"):
            return _array(np.array(a.i if a.name == "value_int" else list(a.ints), np.int64))
        if a.name in ("value_string", "value_strings"):
            return Known(DType.STRING, () if a.name == "value_string" else (len(a.strings),), True)
        if a.name == "sparse_value":
            return Known(dtype_of(a.sparse_tensor.values.data_type), tuple(a.sparse_tensor.dims), True)
    return Known()


def _array(data: NDArray[Any]) -> Known:
    return Known(_NP.get(data.dtype.name), tuple(data.shape), True, data if data.size <= FOLD_LIMIT else None)


def _fold(node: NodeProto, inputs: list[Known | None], given: list[Known | None]) -> list[Known] | None:
    if node.op_type in ("Shape", "Size") and inputs and inputs[0] is not None:
        return _fold_shape(node, inputs[0])
    if not inputs:
        return None
    for known in given:
        if known is None or known.data is None:
            return None
    import numpy as np

    attrs: dict[str, Any] = {}
    for a in node.attribute:
        attrs[a.name] = small_array(a.t) if a.type == a.TENSOR else onnx.helper.get_attribute_value(a)
    found = fold(node.op_type, [None if k is None else k.data for k in inputs], attrs)
    if found is None or len(found) < len(node.output):
        return None
    return [_array(np.ascontiguousarray(o) if o.ndim else o) for o in found]


def _follow(node: NodeProto, inputs: list[Known | None], known: Known) -> None:
    """Note what a vector of sizes holds; once all of it is known it is a constant."""
    sizes = follow(node, inputs)
    if sizes is None:
        return
    import numpy as np

    known.sizes = sizes
    shape = (len(sizes),) if known.shape is None else known.shape
    fits = shape == (len(sizes),) or (shape == () and len(sizes) == 1)
    whole = all(isinstance(d, int) and abs(d) < 2**31 for d in sizes)
    if known.dtype in (DType.INT64, DType.INT32) and fits and whole:
        kind = np.int64 if known.dtype is DType.INT64 else np.int32
        known.data = np.array(sizes, kind).reshape(-1 if shape else ())
        known.const = True


def _fold_shape(node: NodeProto, source: Known) -> list[Known] | None:
    import numpy as np

    if source.shape is None:
        return None
    if node.op_type == "Size":
        sizes = [d for d in source.shape if isinstance(d, int)]
        known = len(sizes) == len(source.shape) and prod(sizes) < 2**63
        return [_array(np.array(prod(sizes), np.int64))] if known else None
    bounds = {a.name: a.i for a in node.attribute}
    wanted = source.shape[bounds.get("start", 0) : bounds.get("end", len(source.shape))]
    sizes = [d for d in wanted if isinstance(d, int) and d < 2**63]
    return [_array(np.array(sizes, np.int64))] if len(sizes) == len(wanted) else None


def _is_constant(node: NodeProto, given: list[Known | None]) -> bool:
    """Whether a converter can compute the node when it converts: the same result every run, from constants alone."""
    for known in given:
        if known is None or not known.const:
            return False
    return node.op_type not in _RANDOM and not subgraphs(node)


def _check_constant(node: NodeProto, known: Known) -> None:
    if known.dtype is None or known.shape is None or not all(isinstance(d, int) for d in known.shape):
        return
    size = prod(d for d in known.shape if isinstance(d, int)) * known.dtype.bits // 8
    if size > LARGEST_CONSTANT:
        shape = "x".join(map(str, known.shape))
        raise ModelError(
            f"op {node.name or node.op_type!r} makes a constant of {shape} {known.dtype} "
            f"({size / 2**30:.1f} GiB) from nothing"
        )


def _proto(known: Known) -> TypeProto | None:
    """The type as onnx wants it, with what was learnt since it was declared."""
    if known.proto is not None and known.proto.WhichOneof("value") != "tensor_type":
        return known.proto
    elem = next((t for t in range(1, 27) if dtype_of(t) is known.dtype), 0)
    if known.proto is not None and known.proto.tensor_type.elem_type:
        elem = known.proto.tensor_type.elem_type
    if not elem:
        return None
    shape = None if known.shape is None else [None if isinstance(d, int) and d >= 2**63 else d for d in known.shape]
    return onnx.helper.make_tensor_type_proto(elem, shape)
