"""The models that the TensorRT compiler and edgeplan are both asked about: rebuilt from the onnx package, never stored.

`node_tests` are onnx's own backend tests, `retyped` the same with other data types. The names are stable, so that an
answer recorded under a name can be held against the model built again.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

__all__ = ["Question", "node_tests", "retyped"]


KINDS = (
    "BFLOAT16", "BOOL", "DOUBLE", "FLOAT", "FLOAT16", "INT16", "INT32", "INT64", "INT8", "UINT16", "UINT32", "UINT64",
    "UINT8",
)  # fmt: skip
"""The data types that `retyped` asks about, in the schemas' names."""


@dataclass(frozen=True, slots=True)
class Question:
    """A model with its name; `feeds` are values for its inputs, of which the compiler takes the shapes it needs."""

    name: str
    model: ModelProto
    feeds: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)


def _cases() -> Sequence[Any]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some tests compute with infinities on purpose
        return [c for c in collect_testcases(None) if c.model is not None and "_expanded" not in c.name]


def _tensor(value: Any, name: str, kind: int) -> TensorProto | None:
    """The test's value as an initializer of a type, where it is a tensor."""
    if isinstance(value, TensorProto):
        if value.data_type != kind:
            return None
        out = TensorProto()
        out.CopyFrom(value)
        out.name = name
        return out
    try:
        array = np.asarray(value)
        wanted = helper.tensor_dtype_to_np_dtype(kind)
        with np.errstate(all="ignore"):
            return numpy_helper.from_array(array if array.dtype == wanted else array.astype(wanted), name)
    except (TypeError, ValueError, KeyError, NotImplementedError):
        return None


def _feeds(case: Any) -> dict[str, np.ndarray[Any, Any]]:
    values = case.data_sets[0][0] if case.data_sets else []
    named = zip((i.name for i in case.model.graph.input), values, strict=False)
    return {name: np.asarray(v) for name, v in named if isinstance(v, np.ndarray | np.generic | int | float | bool)}


def _freeze(model: ModelProto, case: Any, keep: set[str]) -> ModelProto:
    """A copy whose inputs other than those to keep are initializers with the test's values, in the model's types."""
    out = ModelProto()
    out.CopyFrom(model)
    values = case.data_sets[0][0] if case.data_sets else []
    for name, value in zip((i.name for i in case.model.graph.input), values, strict=False):
        info = next(i for i in out.graph.input if i.name == name)
        made = None if name in keep else _tensor(value, name, info.type.tensor_type.elem_type)
        if made is not None:
            out.graph.initializer.append(made)
            out.graph.input.remove(info)
    return out


def node_tests() -> Iterator[Question]:
    """Every backend test that is not an expansion: as it is (`raw`), and with all but its first input known."""
    for case in _cases():
        feeds = _feeds(case)
        yield Question(f"{case.name}/raw", case.model, feeds)
        if len(case.model.graph.input) > 1:
            yield Question(f"{case.name}/const", _freeze(case.model, case, {case.model.graph.input[0].name}), feeds)


def retyped() -> Iterator[Question]:
    """Up to two tests of each operator, once for each data type that its first input may have.

    The other inputs are known; those of the same type are inputs in the form `raw` and known as well in `const`.
    """
    templates: dict[str, list[Any]] = defaultdict(list)
    for case in _cases():
        if len(case.model.graph.node) == 1 and case.model.graph.node[0].domain == "":
            templates[case.model.graph.node[0].op_type].append(case)
    for op, cases in sorted(templates.items()):
        for at, case in enumerate(cases[:2]):
            opset = next(o.version for o in case.model.opset_import if o.domain == "")
            schema = onnx.defs.get_schema(op, opset, "")
            if not schema.inputs:
                continue
            for label in sorted(t[7:-1].upper() for t in schema.inputs[0].types if t.startswith("tensor(")):
                if label not in KINDS:
                    continue
                model, alike = _retype(case, schema, TensorProto.DataType.Value(label))
                feeds, first = _feeds(case), {case.model.graph.input[0].name}
                yield Question(f"{op}/{label}/{at}/raw", _freeze(model, case, alike | first), feeds)
                if alike & {i.name for i in model.graph.input} - first:
                    yield Question(f"{op}/{label}/{at}/const", _freeze(model, case, first), feeds)


def _retype(case: Any, schema: onnx.defs.OpSchema, kind: int) -> tuple[ModelProto, set[str]]:
    """The test's model with the type variable of its first input bound to another type, and the values so typed."""
    out = ModelProto()
    out.CopyFrom(case.model)
    node, variable = out.graph.node[0], schema.inputs[0].type_str
    names = {x for i, x in enumerate(node.input) if schema.inputs[min(i, len(schema.inputs) - 1)].type_str == variable}
    names |= {
        x for i, x in enumerate(node.output) if schema.outputs[min(i, len(schema.outputs) - 1)].type_str == variable
    }
    for info in (*out.graph.input, *out.graph.output):
        if info.name in names:
            info.type.tensor_type.elem_type = kind
    return out, names
