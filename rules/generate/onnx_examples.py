"""Writes `rules/examples.json`: for every ONNX operator one plain model of a single op, in ONNX text.

The models are ONNX's own backend node tests, the first of each operator. Weights and parameters are made constants, as
they are in a trained model; large ones by ConstantOfShape.

    python rules/generate/onnx_examples.py > rules/examples.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, defs, helper, numpy_helper, printer, version
from onnx.backend.test.case.node import collect_testcases

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx import load_onnx

SMALL = 32
WEIGHTS = {
    "W",
    "R",
    "w",
    "B",
    "C",
    "b",
    "weight",
    "Scale",
    "scale",
    "bias",
    "mean",
    "input_mean",
    "var",
    "input_var",
    "slope",
    "scales",
    "roi",
    "x_scale",
    "y_scale",
    "w_scale",
    "a_scale",
    "b_scale",
}
BINARY = {"Add", "Sub", "Mul", "Div", "Pow", "Mod", "MatMul", "And", "Or", "Xor", "Equal", "Greater", "Less"}
"""Ops whose second operand is data as often as a weight."""
UNTESTED = {
    "GlobalLpPool": "g (float[1,4,8,8] x) => (float[1,4,1,1] y) { y = GlobalLpPool (x) }",
    "MaxRoiPool": "g (float[1,4,8,8] x, float[2,5] r) => (y) { y = MaxRoiPool <pooled_shape = [2,2]> (x, r) }",
    "Multinomial": "g (float[2,8] x) => (int32[2,4] y) { y = Multinomial <sample_size = 4> (x) }",
    "RandomNormal": "g (float[2,8] x) => (float[2,8] y) { r = RandomNormal <shape = [2,8]> () y = Add (x, r) }",
    "RandomNormalLike": "g (float[2,8] x) => (float[2,8] y) { y = RandomNormalLike (x) }",
    "RandomUniform": "g (float[2,8] x) => (float[2,8] y) { r = RandomUniform <shape = [2,8]> () y = Add (x, r) }",
    "RandomUniformLike": "g (float[2,8] x) => (float[2,8] y) { y = RandomUniformLike (x) }",
    "Size": "g (float[N,8] x) => (int64 y) { y = Size (x) }",
}
"""Operators without a node test."""


def models() -> Iterator[tuple[str, ModelProto, list[object]]]:
    """The first single-node test of every operator of ONNX's own domain, by name."""
    seen: set[str] = set()
    for case in collect_testcases(None):
        if case.model is None or "_expanded" in case.name or len(case.model.graph.node) != 1:
            continue
        node = case.model.graph.node[0]
        if node.op_type not in seen and not node.domain:
            seen.add(node.op_type)
            yield node.op_type, case.model, list(case.data_sets[0][0]) if case.data_sets else []


def frozen(model: ModelProto, data: list[object]) -> ModelProto:
    """The model with its parameters as constants."""
    found = ModelProto()
    found.CopyFrom(model)
    graph, node = found.graph, found.graph.node[0]
    schema = defs.get_schema(node.op_type, found.opset_import[0].version)
    ports = {name: schema.inputs[min(i, len(schema.inputs) - 1)].name for i, name in enumerate(node.input)}
    made = []
    for info, value in list(zip(model.graph.input, data, strict=False))[1:]:
        if not isinstance(value, np.ndarray | np.generic):
            continue
        array = np.asarray(value)
        weight = array.dtype.kind == "f" and ports.get(info.name) in WEIGHTS and node.op_type not in BINARY
        small = array.dtype.kind in "iub" and array.size <= SMALL and node.op_type not in BINARY
        scalar = array.size == 1 and node.op_type not in BINARY
        if not (weight or small or scalar) or info.type.tensor_type.elem_type in (0, TensorProto.STRING):
            continue
        graph.input.remove(next(i for i in graph.input if i.name == info.name))
        if array.size <= SMALL:
            graph.initializer.append(numpy_helper.from_array(array, info.name))
            continue
        shape = f"{info.name}_shape"
        graph.initializer.append(numpy_helper.from_array(np.array(array.shape, np.int64), shape))
        made.append(helper.make_node("ConstantOfShape", [shape], [info.name]))
    nodes = [*made, node]
    del found.graph.node[:]
    found.graph.node.extend(nodes)
    return found


def main() -> None:
    """Print the examples as JSON, sorted by operator."""
    found = dict(UNTESTED)
    for op, model, data in models():
        try:
            example = frozen(model, data)
            load_onnx(example)
        except (ModelError, ValueError):
            example = model
        found[op] = " ".join(printer.to_text(example).split())
    json.dump(
        {"source": f"onnx {version.version}: backend node tests", "examples": dict(sorted(found.items()))},
        sys.stdout,
        indent=1,
    )
    print()


if __name__ == "__main__":
    main()
