"""Raises a model's opset, by onnx's own converter, so that operators it came without can be used."""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx import version_converter

from edgeplan.surgery.draft import Draft, weightless

__all__ = ["OpsetError", "raise_opset"]

_LARGE = 8192
"""Bytes above which a weight does not go through the converter, which copies all it is given."""


class OpsetError(ValueError):
    """An opset a model cannot be raised to, in one line."""


def raise_opset(draft: Draft, version: int) -> Draft:
    """The model in another opset; the weights are those of the draft. Raises `OpsetError`.

    Large weights stand in as inputs while it is converted: the converter looks into settings alone.
    """
    now = draft.context.opset
    if version == now:
        return draft
    if version < now:
        raise OpsetError(f"the model's opset is {now}: it can be raised, not lowered to {version}")
    highest = onnx.defs.onnx_opset_version()
    if version > highest:
        raise OpsetError(f"onnx {onnx.__version__} knows opsets up to {highest}, not {version}")
    model = draft.model
    names = {v.name or "" for v in model.graph.initializers.values() if _nbytes(v) > _LARGE}
    proto = weightless(model)
    kept = [t for t in proto.graph.initializer if t.name not in names]
    for tensor in proto.graph.initializer:
        if tensor.name in names:
            proto.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    try:
        made = ir.from_proto(version_converter.convert_version(proto, version))
    except Exception as e:  # the converter's errors share no base class
        said = (str(e) or type(e).__name__).splitlines()[0][:200]
        raise OpsetError(f"onnx's converter does not raise this model to opset {version}: {said}") from None
    for value in [v for v in made.graph.inputs if v.name in names]:
        made.graph.inputs.remove(value)
        value.const_value = model.graph.initializers[value.name or ""].const_value
        made.graph.initializers[value.name or ""] = value
    inside = {n: v.const_value for g in model.graph.subgraphs() for n, v in g.initializers.items()}
    for value in (v for g in made.graph.subgraphs() for v in g.initializers.values()):
        value.const_value = inside.get(value.name or "", value.const_value)  # the converter leaves these alone
    made.metadata_props.update(model.metadata_props)
    for field in ("producer_name", "producer_version", "domain", "model_version", "doc_string"):
        setattr(made, field, getattr(model, field))
    for domain, number in model.graph.opset_imports.items():
        made.graph.opset_imports.setdefault(domain, number)
    raised = Draft(made)
    raised.declared = draft.declared
    return raised


def _nbytes(value: ir.Value) -> int:
    return value.const_value.nbytes if value.const_value is not None else 0
