"""Writes NAS-Bench-201 networks (arXiv 2001.00326) from their architecture strings.

    python -m benchmarks.latency.networks.nasbench201 FOLDER TABLE.csv [--sample 400]

TABLE.csv has the columns row and arch. All files share one sparse file of weights.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

from onnx import ModelProto, NodeProto, TensorProto, helper

__all__ = ["WEIGHTS", "build", "edges", "write"]

WEIGHTS = "nb201.weights"
CELLS, CHANNELS, CLASSES, SIDE = 5, (16, 32, 64), 10, 32
SEED = 201


def edges(arch: str) -> list[list[tuple[str, int]]]:
    """The inputs of each node of the cell after the first, as (operation, node it comes from).

    >>> edges("|none~0|+|nor_conv_1x1~0|skip_connect~1|")
    [[('none', 0)], [('nor_conv_1x1', 0), ('skip_connect', 1)]]
    """
    nodes = [[part.split("~") for part in node.strip("|").split("|")] for node in arch.split("+")]
    return [[(operation, int(source)) for operation, source in node] for node in nodes]


class _Network:
    """The nodes and weights so far; every method adds ops and returns the name of what they make."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants = [helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0])]
        self.size = 0

    def weight(self, *shape: int) -> str:
        tensor = TensorProto(name=f"w{len(self.constants)}", data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        length = 4
        for extent in shape:
            length *= extent
        for key, said in (("location", WEIGHTS), ("offset", self.size), ("length", length)):
            tensor.external_data.add(key=key, value=str(said))
        self.size += length
        self.constants.append(tensor)
        return tensor.name

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def conv(self, x: str, channels: tuple[int, int], kernel: int, stride: int = 1, *, bias: bool = True) -> str:
        """A convolution with its batch normalization folded in, which is what the bias stands for."""
        given = [x, self.weight(channels[1], channels[0], kernel, kernel)] + [self.weight(channels[1])] * bias
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4}
        return self.op("Conv", *given, **window)

    def edge(self, x: str, operation: str, channels: int) -> str:
        if operation == "none":
            return self.op("Mul", x, "zero")
        if operation == "skip_connect":
            return x
        if operation == "avg_pool_3x3":
            return self.op("AveragePool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4, count_include_pad=0)
        return self.conv(self.op("Relu", x), (channels, channels), {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[operation])

    def cell(self, x: str, cell: list[list[tuple[str, int]]], channels: int) -> str:
        made = [x]
        for node in cell:
            total, *others = [self.edge(made[source], operation, channels) for operation, source in node]
            for other in others:
                total = self.op("Add", total, other)
            made.append(total)
        return made[-1]

    def halve(self, x: str, before: int, after: int) -> str:
        """The residual block between two stages."""
        main = self.conv(self.op("Relu", x), (before, after), 3, 2)
        main = self.conv(self.op("Relu", main), (after, after), 3)
        pooled = self.op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        return self.op("Add", self.conv(pooled, (before, after), 1, bias=False), main)


def build(arch: str) -> tuple[ModelProto, int]:
    """The network for 1x3x32x32 images and 10 classes, and the bytes of its weights."""
    net, cell = _Network(), edges(arch)
    x = net.conv("image", (3, CHANNELS[0]), 3)
    for stage, channels in enumerate(CHANNELS):
        if stage:
            x = net.halve(x, CHANNELS[stage - 1], channels)
        for _ in range(CELLS):
            x = net.cell(x, cell, channels)
    x = net.op("BatchNormalization", x, *(net.weight(CHANNELS[-1]) for _ in range(4)))
    x = net.op("Flatten", net.op("GlobalAveragePool", net.op("Relu", x)))
    x = net.op("Gemm", x, net.weight(CLASSES, CHANNELS[-1]), net.weight(CLASSES), transB=1)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    scores = helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, CLASSES])
    graph = helper.make_graph(net.nodes, "nasbench201", [image], [scores], net.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), net.size


def write(folder: Path, row: int, arch: str) -> Path:
    """Write one network; the shared file of weights grows to what it needs."""
    model, size = build(arch)
    weights = folder / WEIGHTS
    weights.touch()
    if weights.stat().st_size < size:
        with weights.open("r+b") as file:
            file.truncate(size)
    path = folder / f"nb201_{row}.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def main() -> None:
    """Write a random sample of the table's networks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--sample", type=int, default=400)
    given = parser.parse_args()
    with given.table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    given.folder.mkdir(parents=True, exist_ok=True)
    chosen = sorted(random.Random(SEED).sample(range(len(rows)), given.sample))
    for i in chosen:
        write(given.folder, int(rows[i]["row"]), rows[i]["arch"])


if __name__ == "__main__":
    main()
