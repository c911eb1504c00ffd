"""Small networks in ONNX text, as TensorRT is given them, and the probes that its compiler was asked."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping

from edgeplan.capability.rows import rules_dir
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to

PROBES = rules_dir() / "tensorrt" / "runs" / "2026-11-22-memory-probes.csv"
WORKSPACE = 8_192_000


def network(inputs: str, body: str, weights: Mapping[str, tuple[int, ...]], dtype: str = "float") -> Graph:
    """A lowered graph; `weights` by name with their shapes, in the type of the inputs."""
    kind = {"float": "float[1] {0.5}", "float16": "float16[1] {1}"}[dtype]
    made = "".join(
        f"s_{name} = Constant <value_ints = [{','.join(map(str, shape))}]> ()\n"
        f"{name} = ConstantOfShape <value = {kind}> (s_{name})\n"
        for name, shape in weights.items()
    )
    text = f'<ir_version: 8, opset_import: ["" : 18]>\ng ({inputs}) => (y) {{\n{made}{body} }}'
    return lower_to(parse_text(text), "onnx", "model", ("affine",))


def conv(source: str, made: str, weight: str, kernel: int = 1, groups: int = 1) -> str:
    """A convolution that keeps the size of its image."""
    pads = ",".join([str(kernel // 2)] * 4)
    return f"{made} = Conv <pads = [{pads}], group = {groups}> ({source}, {weight})\n"


def probes(kind: str) -> Iterator[Mapping[str, str]]:
    """What the compiler answered about one kind of graphs."""
    with PROBES.open(encoding="utf-8", newline="") as f:
        yield from (row for row in csv.DictReader(f) if row["probe"] == kind)


def probed(row: Mapping[str, str]) -> Graph:
    """The graph of a probe."""
    return _BUILDERS[row["probe"]](row["graph"])


def _single(name: str) -> Graph:
    channels, out, kernel, side, dtype = re.fullmatch(r"(\d+)-(\d+) (\d+)x\d+ (\d+) (\w+)", name).groups()  # type: ignore[union-attr]
    dtype = dtype.removesuffix("32")
    weights = {"w": (int(out), int(channels), int(kernel), int(kernel))}
    return network(f"{dtype}[1,{channels},{side},{side}] x", conv("x", "y", "w", int(kernel)), weights, dtype)


def _branches(name: str) -> Graph:
    count = int(name)
    body = conv("x", "p", "w", 3) + "".join(conv("p", f"b{i}", f"w{i}", 3) for i in range(count))
    body += f"q = Concat <axis = 1> ({', '.join(f'b{i}' for i in range(count))})\n" + conv("q", "y", "v")
    weights = dict.fromkeys(("w", *(f"w{i}" for i in range(count))), (64, 64, 3, 3))
    return network("float[1,64,28,28] x", body, weights | {"v": (16, 64 * count, 1, 1)})


def _fork(name: str) -> Graph:
    pool = re.fullmatch(r"max pool (\d+) (\d+)", name)
    if pool:
        width, side = map(int, pool.groups())
        branch, out, weights = "b = MaxPool <kernel_shape = [3,3], pads = [1,1,1,1]> (p)\n", width, {}
    else:
        found = re.fullmatch(r"(\d+)-(\d+) (\d+)x\d+/(\d+) (\d+)", name)
        assert found is not None
        width, out, kernel, groups, side = map(int, found.groups())
        branch = conv("p", "b", "wb", kernel, groups)
        weights = {"wb": (out, width // groups, kernel, kernel)}
    body = conv("x", "p", "w") + conv("p", "a", "wa", 3) + branch
    body += "q = Concat <axis = 1> (a, b)\n" + conv("q", "y", "v")
    weights |= {"w": (width, 16, 1, 1), "wa": (64, width, 3, 3), "v": (8, 64 + out, 1, 1)}
    return network(f"float[1,16,{side},{side}] x", body, weights)


def _attention(name: str) -> Graph:
    found = re.fullmatch(r"8 heads, (\d+) tokens of 64, (\w+)", name)
    assert found is not None
    dtype = found[2].removesuffix("32")
    inputs = ", ".join(f"{dtype}[1,8,{found[1]},64] {n}" for n in "qkv")
    body = """t = Transpose <perm = [0,1,3,2]> (k)
        s = MatMul (q, t) m = Mul (s, scale) p = Softmax <axis = -1> (m) y = MatMul (p, v)"""
    return network(inputs, body, {"scale": (1,)}, dtype)


_BUILDERS = {"conv": _single, "branches": _branches, "fork": _fork, "attention": _attention}
