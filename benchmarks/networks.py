"""Makes the two large networks of `scale.py`: many small ops, and few ops with many weights.

    python benchmarks/networks.py FOLDER

The weights of the second lie in a sparse file: it has its full length and takes no room on the disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, save

CHAIN, TRANSFORMER = "chain.onnx", "transformer.onnx"
OPS = 50_000
CHANNELS, SIDE = 8, 16
LAYERS, WIDTH, HEADS, TOKENS = 24, 1536, 16, 128


def main() -> None:
    """Write both networks into the folder named on the command line."""
    folder = Path(sys.argv[1])
    save(chain(), folder / CHAIN)
    model, size = transformer()
    save(model, folder / TRANSFORMER)
    with (folder / "weights.bin").open("wb") as weights:
        weights.truncate(size)


def chain() -> ModelProto:
    """Conv, Relu, Mul, Add, 12,500 times over."""
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []
    shape = [CHANNELS, CHANNELS, 1, 1]
    value = "x"
    for i in range(OPS // 4):
        constants.append(helper.make_tensor(f"w{i}", TensorProto.FLOAT, shape, [0.1] * CHANNELS * CHANNELS))
        channel = [1, CHANNELS, 1, 1], [0.5] * CHANNELS
        constants.extend(helper.make_tensor(name, TensorProto.FLOAT, *channel) for name in (f"s{i}", f"b{i}"))
        steps = (("Conv", f"w{i}"), ("Relu", ""), ("Mul", f"s{i}"), ("Add", f"b{i}"))
        for op, constant in steps:
            out = f"{op.lower()}_{i}"
            nodes.append(helper.make_node(op, [value, constant] if constant else [value], [out], name=out))
            value = out
    return _model(nodes, constants, [1, CHANNELS, SIDE, SIDE], value)


def transformer() -> tuple[ModelProto, int]:
    """24 layers of attention and feed-forward, 2.7 GB of float32, and the bytes its weights take."""
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = [
        helper.make_tensor("heads", TensorProto.INT64, [4], [1, TOKENS, HEADS, WIDTH // HEADS]),
        helper.make_tensor("tokens", TensorProto.INT64, [3], [1, TOKENS, WIDTH]),
        helper.make_tensor("scale", TensorProto.FLOAT, [], [(WIDTH / HEADS) ** -0.5]),
        helper.make_tensor("gain", TensorProto.FLOAT, [WIDTH], [1.0] * WIDTH),
    ]
    at = 0

    def weight(name: str, rows: int, columns: int) -> str:
        nonlocal at
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[rows, columns])
        tensor.data_location = TensorProto.EXTERNAL
        size = rows * columns * 4
        for key, said in (("location", "weights.bin"), ("offset", at), ("length", size)):
            tensor.external_data.add(key=key, value=str(said))
        at += size
        constants.append(tensor)
        return name

    def op(kind: str, name: str, *inputs: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    value = "x"
    for i in range(LAYERS):
        normal = op("LayerNormalization", f"norm_{i}", value, "gain", axis=-1)
        heads = {}
        for part, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
            flat = op("MatMul", f"{part}_{i}", normal, weight(f"w_{part}_{i}", WIDTH, WIDTH))
            split = op("Reshape", f"{part}_split_{i}", flat, "heads")
            heads[part] = op("Transpose", f"{part}_heads_{i}", split, perm=perm)
        scores = op("Mul", f"scaled_{i}", op("MatMul", f"scores_{i}", heads["q"], heads["k"]), "scale")
        mixed = op("MatMul", f"mixed_{i}", op("Softmax", f"softmax_{i}", scores, axis=-1), heads["v"])
        joined = op("Reshape", f"joined_{i}", op("Transpose", f"back_{i}", mixed, perm=[0, 2, 1, 3]), "tokens")
        attended = op("MatMul", f"attended_{i}", joined, weight(f"w_o_{i}", WIDTH, WIDTH))
        value = op("Add", f"residual_{i}", value, attended)
        normal = op("LayerNormalization", f"norm_ff_{i}", value, "gain", axis=-1)
        wide = op("Relu", f"relu_{i}", op("MatMul", f"up_{i}", normal, weight(f"w_up_{i}", WIDTH, 4 * WIDTH)))
        narrow = op("MatMul", f"down_{i}", wide, weight(f"w_down_{i}", 4 * WIDTH, WIDTH))
        value = op("Add", f"residual_ff_{i}", value, narrow)
    return _model(nodes, constants, [1, TOKENS, WIDTH], value), at


def _model(nodes: list[NodeProto], constants: list[TensorProto], shape: list[int], result: str) -> ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info(result, TensorProto.FLOAT, shape)
    graph: GraphProto = helper.make_graph(nodes, "g", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


if __name__ == "__main__":
    main()
