"""The networks that Neurosurgeon and DADS name, as ONNX graphs whose weights have shapes and no numbers.

Neurosurgeon's are VGG-19 and those of its authors' Tonic suite (github.com/claritylab/djinn, common/configs at
d4029ad). DADS' are drawn in its figures 10 and 11, and its figure 1 says the sizes of tiny YOLOv2's tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from onnx import ModelProto, NodeProto, TensorProto, helper

from edgeplan.cost.macs import macs_of
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.splitting.wiring import Wiring, wiring_of

__all__ = ["NETWORKS", "Network", "network"]

FLOAT = 4
"""Bytes of a number."""

Shape = tuple[int, ...]


class Draft:
    """A network as it grows. Every method adds a layer and gives its output's name; `shapes` are of the values."""

    def __init__(self, *input_shape: int) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self.shapes: dict[str, Shape] = {"input": input_shape}
        self.copies: dict[str, int] = {}

    def conv(
        self, x: str, name: str, out: int, k: int, stride: int = 1, pad: int = 0, group: int = 1, act: str = "Relu"
    ) -> str:
        """A convolution and what follows it within the layer."""
        n, c, h, w = self.shapes[x]
        self._weight(f"{name}.w", out, c // group, k, k)
        side = [(s + 2 * pad - k) // stride + 1 for s in (h, w)]
        self._node(
            "Conv", [x, f"{name}.w"], name, (n, out, *side),
            kernel_shape=[k, k], strides=[stride] * 2, pads=[pad] * 4, group=group,
        )  # fmt: skip
        return self.unary(name, f"{name}/{act.lower()}", act) if act else name

    def local(self, x: str, name: str, out: int, k: int, stride: int = 1) -> str:
        """A convolution with weights of its own at every place: as much work, and as many copies of the weights."""
        value = self.conv(x, name, out, k, stride)
        _, _, h, w = self.shapes[value]
        self.copies[name] = h * w
        return value

    def pool(self, x: str, name: str, k: int, stride: int, pad: int = 0, up: bool = False) -> str:
        """A pooling; `up` rounds its size up, as Caffe does."""
        n, c, h, w = self.shapes[x]
        side = [-((k - s - 2 * pad) // stride) + 1 if up else (s + 2 * pad - k) // stride + 1 for s in (h, w)]
        shape = (n, c, *side)
        more = {"ceil_mode": 1} if up else {}
        kept = {"kernel_shape": [k, k], "strides": [stride] * 2, "pads": [pad] * 4, **more}
        return self._node("MaxPool", [x], name, shape, **kept)

    def average(self, x: str, name: str) -> str:
        """The mean of each channel."""
        n, c, *_ = self.shapes[x]
        return self._node("GlobalAveragePool", [x], name, (n, c, 1, 1))

    def pool_same(self, x: str, name: str) -> str:
        """Tiny YOLOv2's sixth pooling: two by two at a stride of one, the size kept."""
        kept = {"kernel_shape": [2, 2], "strides": [1, 1], "auto_pad": "SAME_UPPER"}
        return self._node("MaxPool", [x], name, self.shapes[x], **kept)

    def linear(self, x: str, name: str, out: int, act: str = "Relu") -> str:
        """A fully connected layer over all that follows the first axis."""
        n, *rest = self.shapes[x]
        if len(rest) > 1:
            size = 1
            for s in rest:
                size *= s
            x = self._node("Flatten", [x], f"{name}/flat", (n, size))
        self._weight(f"{name}.w", out, self.shapes[x][1])
        self._node("Gemm", [x, f"{name}.w"], name, (n, out), transB=1)
        return self.unary(name, f"{name}/{act.lower()}", act) if act else name

    def unary(self, x: str, name: str, kind: str, **attributes: object) -> str:
        """An op that keeps the shape."""
        return self._node(kind, [x], name, self.shapes[x], **attributes)

    def add(self, a: str, b: str, name: str) -> str:
        """A sum and the ReLU on it."""
        self._node("Add", [a, b], f"{name}/add", self.shapes[a])
        return self.unary(f"{name}/add", f"{name}/relu", "Relu")

    def concat(self, values: list[str], name: str) -> str:
        """One after the other along the second axis."""
        n, _, *rest = self.shapes[values[0]]
        return self._node("Concat", values, name, (n, sum(self.shapes[v][1] for v in values), *rest), axis=1)

    def model(self, output: str) -> ModelProto:
        """The network that hands out `output`."""
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, self.shapes[n]) for n in ("input", output)]
        graph = helper.make_graph(self.nodes, "network", ends[:1], ends[1:], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def _node(self, kind: str, inputs: list[str], name: str, shape: Shape, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        self.shapes[name] = shape
        return name

    def _weight(self, name: str, *dims: int) -> None:
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")
        self.weights.append(tensor)


@dataclass(frozen=True)
class Network:
    """A network as a problem of cutting: `macs`, `taps` (elements that poolings look at), `weights` and `moved` bytes
    by the ops of `wiring`, bytes of its tensors in the order of `wiring.tensors`, and whether it is a `chain`.
    """

    name: str
    wiring: Wiring
    macs: tuple[int, ...]
    taps: tuple[int, ...]
    weights: tuple[int, ...]
    moved: tuple[int, ...]
    bytes: tuple[int, ...]
    chain: bool

    @property
    def ops(self) -> tuple[str, ...]:
        """The names of the ops, in order."""
        return tuple(self.wiring.graph.ops[i].name for i in self.wiring.ops)


def network(name: str) -> Network:
    """One of `NETWORKS`, built and read as any model is."""
    draft, output = NETWORKS[name]()
    graph = load_model(draft.model(output)).graph
    wiring = wiring_of(graph)
    sizes = [_sizes(graph, i, draft.copies) for i in wiring.ops]
    return Network(
        name,
        wiring,
        tuple(macs_of(graph, graph.ops[i]) or 0 for i in wiring.ops),
        tuple(_taps(graph, i) for i in wiring.ops),
        tuple(weights for weights, _ in sizes),
        tuple(moved for _, moved in sizes),
        tuple(graph.values[t].bytes or 0 for t in wiring.tensors),
        _is_chain(wiring),
    )


def _sizes(graph: Graph, at: int, copies: Mapping[str, int]) -> tuple[int, int]:
    op = graph.ops[at]
    weights = sum(graph.values[n].bytes or 0 for n in graph.reads(op) if graph.values[n].const)
    moved = sum(graph.values[n].bytes or 0 for n in (*graph.reads(op), *op.outputs) if not graph.values[n].const)
    return weights * copies.get(op.name, 1), moved


def _taps(graph: Graph, at: int) -> int:
    op = graph.ops[at]
    if op.type != "MaxPool":
        return 0
    k = op.attrs["kernel_shape"]
    return (graph.values[op.outputs[0]].bytes or 0) // FLOAT * k[0] * k[1]


def _is_chain(wiring: Wiring) -> bool:
    problem = wiring.problem
    readers = [0] * len(problem.maker)
    reads = [0] * problem.ops
    for tensor, reader in zip(problem.tensor.tolist(), problem.reader.tolist(), strict=True):
        readers[tensor] += 1
        reads[reader] += 1
    return max(readers) < 2 and max(reads) < 2


Built = tuple[Draft, str]


def alexnet() -> Built:
    """IMC of the Tonic suite."""
    d = Draft(1, 3, 227, 227)
    x = d.pool(d.conv("input", "conv1", 96, 11, 4), "pool1", 3, 2)
    x = d.unary(x, "norm1", "LRN", size=5)
    x = d.pool(d.conv(x, "conv2", 256, 5, pad=2, group=2), "pool2", 3, 2)
    x = d.unary(x, "norm2", "LRN", size=5)
    x = d.conv(x, "conv3", 384, 3, pad=1)
    x = d.conv(x, "conv4", 384, 3, pad=1, group=2)
    x = d.pool(d.conv(x, "conv5", 256, 3, pad=1, group=2), "pool5", 3, 2)
    x = d.linear(d.linear(x, "fc6", 4096), "fc7", 4096)
    return d, d.unary(d.linear(x, "fc8", 1000, ""), "prob", "Softmax")


def vgg(*blocks: int) -> Built:
    """VGG with so many convolutions in each block."""
    d, x = Draft(1, 3, 224, 224), "input"
    for block, (count, width) in enumerate(zip(blocks, (64, 128, 256, 512, 512), strict=True), 1):
        for i in range(1, count + 1):
            x = d.conv(x, f"conv{block}_{i}", width, 3, pad=1)
        x = d.pool(x, f"pool{block}", 2, 2)
    x = d.linear(d.linear(x, "fc6", 4096), "fc7", 4096)
    return d, d.unary(d.linear(x, "fc8", 1000, ""), "prob", "Softmax")


def deepface() -> Built:
    """FACE of the Tonic suite: three layers have weights of their own at every place."""
    d = Draft(1, 3, 152, 152)
    x = d.pool(d.conv("input", "conv1", 32, 11), "pool2", 3, 2, up=True)
    x = d.conv(x, "conv3", 16, 9)
    x = d.local(d.local(d.local(x, "local4", 16, 9), "local5", 16, 7, 2), "local6", 16, 5)
    return d, d.unary(d.linear(d.linear(x, "fc7", 4096), "fc8", 83, ""), "prob", "Softmax")


def lenet() -> Built:
    """DIG of the Tonic suite."""
    d = Draft(1, 1, 28, 28)
    x = d.pool(d.conv("input", "conv1", 20, 5, act=""), "pool1", 2, 2)
    x = d.pool(d.conv(x, "conv2", 50, 5, act=""), "pool2", 2, 2)
    return d, d.unary(d.linear(d.linear(x, "ip1", 500), "ip2", 10, ""), "prob", "Softmax")


def kaldi() -> Built:
    """ASR of the Tonic suite: 548 frames of speech."""
    d, x = Draft(548, 440), "input"
    for i in range(1, 7):
        x = d.linear(x, f"inner{i}", 2048, "Sigmoid")
    return d, d.linear(x, "final_inner", 1706, "")


def senna(width: int, tags: int) -> Built:
    """POS, NER and CHK of the Tonic suite: a window of words and its tag."""
    d = Draft(1, width)
    return d, d.linear(d.linear("input", "fc1", 300, "Tanh"), "fc3", tags, "")


def nin() -> Built:
    """Network in Network for ImageNet; the two 1x1 convolutions after each wide one belong to its layer."""
    d, x = Draft(1, 3, 224, 224), "input"
    for i, (out, k, stride, pad, last) in enumerate(
        ((96, 11, 4, 0, 96), (256, 5, 1, 2, 256), (384, 3, 1, 1, 384), (1024, 3, 1, 1, 1000)), 1
    ):
        x = d.conv(x, f"conv{i}", out, k, stride, pad)
        x = d.conv(d.conv(x, f"conv{i}/a", out, 1), f"conv{i}/b", last, 1)
        if i < 4:
            x = d.pool(x, f"max{i}", 3, 2, up=True)
    return d, d.average(x, "output")


def tiny_yolo() -> Built:
    """Tiny YOLOv2 at 288 x 288, the size at which its tensors are those of DADS' figure 1."""
    d, x = Draft(1, 3, 288, 288), "input"
    for i, width in enumerate((16, 32, 64, 128, 256), 1):
        x = d.pool(d.conv(x, f"conv{i}", width, 3, pad=1, act="LeakyRelu"), f"max{i}", 2, 2)
    x = d.pool_same(d.conv(x, "conv6", 512, 3, pad=1, act="LeakyRelu"), "max6")
    x = d.conv(d.conv(x, "conv7", 1024, 3, pad=1, act="LeakyRelu"), "conv8", 1024, 3, pad=1, act="LeakyRelu")
    return d, d.unary(d.conv(x, "conv9", 125, 1, act=""), "output", "Sigmoid")


def alexnet_towers() -> Built:
    """AlexNet as in DADS' figure 11: two towers that meet in the last fully connected layer."""
    d = Draft(1, 3, 227, 227)
    ends = []
    for tower in ("a", "b"):
        x = d.pool(d.conv("input", f"conv1{tower}", 48, 11, 4), f"max1{tower}", 3, 2)
        x = d.pool(d.conv(x, f"conv2{tower}", 128, 5, pad=2), f"max2{tower}", 3, 2)
        x = d.conv(d.conv(x, f"conv3{tower}", 192, 3, pad=1), f"conv4{tower}", 192, 3, pad=1)
        x = d.pool(d.conv(x, f"conv5{tower}", 128, 3, pad=1), f"max5{tower}", 3, 2)
        ends.append(d.linear(d.linear(x, f"fc6{tower}", 2048), f"fc7{tower}", 2048))
    x = d.linear(d.concat(ends, "fc8/concat"), "fc8", 1000, "")
    return d, d.unary(x, "output", "Softmax")


def resnet18() -> Built:
    """ResNet-18; a block's shortcut belongs to its second convolution."""
    d = Draft(1, 3, 224, 224)
    x = d.pool(d.conv("input", "conv1", 64, 7, 2, 3), "conv1/pool", 3, 2, 1)
    at = 1
    for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        for step in (stride, 1):
            y = d.conv(x, f"conv{at + 1}", width, 3, step, 1)
            y = d.conv(y, f"conv{at + 2}", width, 3, pad=1, act="")
            if step == 2:
                x = d.conv(x, f"conv{at + 2}/shortcut", width, 1, 2, act="")
            x = d.add(y, x, f"conv{at + 2}")
            at += 2
    return d, d.linear(d.average(x, "fc/pool"), "fc", 1000, "")


NETWORKS: Mapping[str, Callable[[], Built]] = {
    "AlexNet": alexnet,
    "VGG-19": lambda: vgg(2, 2, 4, 4, 4),
    "DeepFace": deepface,
    "LeNet (DIG)": lenet,
    "Kaldi (ASR)": kaldi,
    "SENNA POS": lambda: senna(300, 45),
    "SENNA NER": lambda: senna(375, 17),
    "SENNA CHK": lambda: senna(300, 42),
    "NiN": nin,
    "tiny YOLOv2": tiny_yolo,
    "VGG-16": lambda: vgg(2, 2, 3, 3, 3),
    "AlexNet, two towers": alexnet_towers,
    "ResNet-18": resnet18,
}
"""By name: the eight of Neurosurgeon, then the five of DADS."""
