"""Cleans an ONNX model up for converters: constants computed and kept as initializers, shapes inferred."""

from __future__ import annotations

import contextlib
from typing import Any

from mil_build import noise

__all__ = ["cleaned", "filled", "opset_of", "simplified"]

OLDEST_OPSET = 13
"""onnx2coreml brings older models up to here, and then refuses the Constant ops that this makes."""

NOISY = 16
"""From so many elements on, a weight that holds one value only stands for one that was not shipped."""


def cleaned(path: str) -> Any:
    """The model with constants computed and its weights as initializers; weights of one value are filled with noise."""
    model = simplified(path)
    filled(model)
    return model


def simplified(path: str) -> Any:
    """The model with constants computed and its weights as initializers, each as it is."""
    import onnx
    from onnx import version_converter

    model = onnx.load(path)
    materialise(model.graph)
    model.ir_version = max(model.ir_version, 8)  # before 4, weights had to be inputs as well
    if 0 < opset_of(model) < OLDEST_OPSET:
        with contextlib.suppress(Exception):  # there is no way up for every op
            model = version_converter.convert_version(model, OLDEST_OPSET)
    model = slimmed(model)
    materialise(model.graph)
    return shaped(model)


def filled(model: Any) -> list[str]:
    """Put noise into the weights of one value, which stand for some that were not shipped; their names."""
    from onnx import numpy_helper

    found = []
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype.kind == "f" and value.size >= NOISY and (value == value.flat[0]).all():
            tensor.CopyFrom(numpy_helper.from_array(noise(value.shape, value.dtype), tensor.name))
            found.append(tensor.name)
    return found


def opset_of(model: Any) -> int:
    """The version of ONNX's own ops."""
    return max((int(o.version) for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)


def slimmed(model: Any) -> Any:
    """The model without foldable ops, by onnxslim, which fuses nothing here; as it is where onnxslim fails."""
    import onnxslim
    from onnxslim.core.pattern.registry import DEFAULT_FUSION_PATTERNS

    try:
        return onnxslim.slim(model, skip_fusion_patterns=[*DEFAULT_FUSION_PATTERNS]) or model
    except Exception:  # a clean-up that fails is none
        return model


def materialise(graph: Any) -> None:
    """Constants as initializers, and ConstantOfShape of one, which is how models without weights are written."""
    import numpy as np
    from onnx import numpy_helper

    known = {t.name: t for t in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            known[node.output[0]] = graph.initializer.add()
            known[node.output[0]].CopyFrom(node.attribute[0].t)
            known[node.output[0]].name = node.output[0]
        elif node.op_type == "ConstantOfShape" and node.input[0] in known:
            shape = [int(d) for d in numpy_helper.to_array(known[node.input[0]])]
            fill = numpy_helper.to_array(node.attribute[0].t) if node.attribute else np.zeros(1, np.float32)
            graph.initializer.append(numpy_helper.from_array(np.full(shape, fill[0], fill.dtype), node.output[0]))
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def shaped(model: Any) -> Any:
    """The model with inferred shapes; values that have none are not declared, for a checker may ask for them."""
    import onnx

    model = onnx.shape_inference.infer_shapes(model)
    known = [v for v in model.graph.value_info if v.type.tensor_type.HasField("shape")]
    del model.graph.value_info[:]
    model.graph.value_info.extend(known)
    return model
