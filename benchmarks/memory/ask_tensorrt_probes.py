"""Asks TensorRT-RTX's ahead-of-time builder about small graphs made for it: workspaces, streams and fused attention.

    python ask_tensorrt_probes.py OUT.csv

It needs the packages `tensorrt_rtx` and `onnx` and nothing else. Each row is a graph, with the bytes of its region of
activation memory, how many streams its engine has, and `rest`: the region less the input and the output of its one
convolution (`conv`), or the work of its lighter branch (`fork`: the multiply-accumulates, and the elements read and
written).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from ask_tensorrt_memory import build
from onnx import TensorProto, helper, numpy_helper

_TYPES = {"float32": (TensorProto.FLOAT, np.float32), "float16": (TensorProto.FLOAT16, np.float16)}
_RNG = np.random.default_rng(7)


def _weights(*shape: int) -> Any:
    return _RNG.uniform(0.02, 0.08, shape)


def _conv(source: str, made: str, weight: str, kernel: int = 1, groups: int = 1) -> Any:
    return helper.make_node("Conv", [source, weight], [made], pads=[kernel // 2] * 4, group=groups)


def _ask(nodes: Sequence[Any], shapes: dict[str, list[int]], weights: dict[str, Any], dtype: str) -> dict[str, int]:
    kind, array = _TYPES[dtype]
    graph = helper.make_graph(
        nodes,
        "probe",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(w.astype(array), name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    found = build(model.SerializeToString(), None)
    layers = [layer for layer in found["layers"] if layer["type"] not in ("signal", "wait")]
    return {"region": found["activations"], "streams": len({layer["stream"] for layer in layers})}


def _single() -> Iterator[dict[str, Any]]:
    """One convolution: what is left of the region is its workspace."""
    sizes = ((8, 64, 56, 3), (16, 64, 28, 1), (64, 64, 56, 1), (64, 64, 56, 3), (64, 64, 112, 3), (64, 256, 56, 5))
    for dtype, width in (("float32", 4), ("float16", 2)):
        for channels, out, side, kernel in sizes:
            weights = {"w": _weights(out, channels, kernel, kernel)}
            found = _ask([_conv("x", "y", "w", kernel)], {"x": [1, channels, side, side]}, weights, dtype)
            rest = found["region"] - (channels + out) * side * side * width
            yield {
                "probe": "conv",
                "graph": f"{channels}-{out} {kernel}x{kernel} {side} {dtype}",
                **found,
                "rest": rest,
            }


def _branches() -> Iterator[dict[str, Any]]:
    """So many equal branches of one convolution each."""
    for count in (2, 3, 4, 6, 8, 10):
        nodes, weights = [_conv("x", "p", "w", 3)], {"w": _weights(64, 64, 3, 3)}
        for i in range(count):
            nodes.append(_conv("p", f"b{i}", f"w{i}", 3))
            weights[f"w{i}"] = _weights(64, 64, 3, 3)
        nodes.append(helper.make_node("Concat", [f"b{i}" for i in range(count)], ["q"], axis=1))
        weights["v"] = _weights(16, 64 * count, 1, 1)
        nodes.append(_conv("q", "y", "v"))
        yield {"probe": "branches", "graph": str(count), **_ask(nodes, {"x": [1, 64, 28, 28]}, weights, "float32")}


def _forks() -> Iterator[dict[str, Any]]:
    """A 3x3 convolution beside one that grows, on both sides of where it gets a stream."""
    cases = [(c, 14, 1, 1) for c in (64, 81, 82, 128)] + [(c, 28, 1, 1) for c in (16, 19, 20, 32)]
    cases += [(c, 56, 1, 1) for c in (4, 5, 8)] + [(c, 14, 3, 1) for c in (9, 10)]
    cases += [(c, 28, 3, c) for c in (121, 122)] + [(c, 28, 5, c) for c in (49, 50)]
    for out, side, kernel, groups in cases:
        width = 64 if groups == 1 else out
        nodes = [_conv("x", "p", "w"), _conv("p", "a", "wa", 3), _conv("p", "b", "wb", kernel, groups)]
        nodes += [helper.make_node("Concat", ["a", "b"], ["q"], axis=1), _conv("q", "y", "v")]
        weights = {"w": _weights(width, 16, 1, 1), "wa": _weights(64, width, 3, 3)}
        weights |= {"wb": _weights(out, width // groups, kernel, kernel), "v": _weights(8, 64 + out, 1, 1)}
        found = _ask(nodes, {"x": [1, 16, side, side]}, weights, "float32")
        work = (out * (width // groups) * kernel**2 + width + out) * side * side
        yield {"probe": "fork", "graph": f"{width}-{out} {kernel}x{kernel}/{groups} {side}", **found, "rest": work}
    for channels, side in ((167, 56), (168, 56), (668, 28), (669, 28)):
        nodes = [_conv("x", "p", "w"), _conv("p", "a", "wa", 3)]
        nodes.append(helper.make_node("MaxPool", ["p"], ["b"], kernel_shape=[3, 3], pads=[1] * 4))
        nodes += [helper.make_node("Concat", ["a", "b"], ["q"], axis=1), _conv("q", "y", "v")]
        weights = {"w": _weights(channels, 16, 1, 1), "wa": _weights(64, channels, 3, 3)}
        weights["v"] = _weights(8, 64 + channels, 1, 1)
        found = _ask(nodes, {"x": [1, 16, side, side]}, weights, "float32")
        yield {"probe": "fork", "graph": f"max pool {channels} {side}", **found, "rest": 2 * channels * side * side}


def _attention() -> Iterator[dict[str, Any]]:
    """Whether the scores of attention are stored."""
    for dtype in _TYPES:
        for length in (256, 1024):
            nodes = [
                helper.make_node("Transpose", ["k"], ["t"], perm=[0, 1, 3, 2]),
                helper.make_node("MatMul", ["q", "t"], ["s"]),
                helper.make_node("Mul", ["s", "scale"], ["m"]),
                helper.make_node("Softmax", ["m"], ["p"], axis=-1),
                helper.make_node("MatMul", ["p", "v"], ["y"]),
            ]
            shapes = {name: [1, 8, length, 64] for name in ("q", "k", "v")}
            found = _ask(nodes, shapes, {"scale": np.array(0.125)}, dtype)
            yield {"probe": "attention", "graph": f"8 heads, {length} tokens of 64, {dtype}", **found}


def main() -> None:
    """Ask about all of them and write the table."""
    with open(sys.argv[1], "w", encoding="utf-8", newline="") as f:
        table = csv.DictWriter(f, ("probe", "graph", "region", "streams", "rest"), lineterminator="\n")
        table.writeheader()
        for rows in (_single(), _branches(), _forks(), _attention()):
            table.writerows(rows)


if __name__ == "__main__":
    main()
