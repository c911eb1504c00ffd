"""Planned arenas against those of a real interpreter: small graphs, written as files, one for each kind of kernel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from edgeplan.graph import Attr, Body, DType, Graph, Op, Shape, Value
from edgeplan.memory.runtimes.litert.builtin import builtin_pools
from edgeplan.verify.tflite.writer import write_tflite

ASK = Path(__file__).resolve().parents[4] / "benchmarks" / "memory" / "ask_litert_arena.py"
F32, I8, I32 = DType.FLOAT32, DType.INT8, DType.INT32
PLAIN: Mapping[str, Attr] = {"fused_activation_function": "NONE"}
WINDOW = {**PLAIN, "padding": "SAME", "stride_w": 1, "stride_h": 1}
DILATION = {"dilation_w_factor": 1, "dilation_h_factor": 1}
Kind = tuple[DType, Shape] | tuple[DType, Shape, tuple[int, ...] | None]
Step = tuple[str, Mapping[str, Attr], Mapping[str, str], str]


def graph(
    steps: Sequence[Step],
    values: Mapping[str, Kind],
    inputs: Sequence[str] = ("x",),
    bodies: Mapping[str, tuple[Body, ...]] | None = None,
) -> Graph:
    """Ops with their operands by port; a value of three parts is a constant, its contents made up where they are None.

    The result of the last op is that of the graph.
    """
    ops = tuple(
        Op(out, kind, tuple(reads.values()), tuple(reads), (out,), attrs, bodies=(bodies or {}).get(out, ()))
        for kind, attrs, reads, out in steps
    )
    held = {
        n: Value(n, kind[0], kind[1], len(kind) > 2, kind[2] if len(kind) > 2 else None) for n, kind in values.items()
    }
    return Graph("g", "tflite", ops, held, tuple(inputs), (steps[-1][3],))


def conv(weights: DType, window: int) -> Graph:
    reads = {"input": "x", "filter": "w", "bias": "b"}
    values: dict[str, Kind] = {
        "x": (F32, (1, 16, 16, 3)),
        "w": (weights, (8, window, window, 3), None),
        "b": (F32, (8,), None),
        "y": (F32, (1, 16, 16, 8)),
    }
    return graph([("CONV_2D", {**WINDOW, **DILATION}, reads, "y")], values)


def dense(weights: DType, batch: int) -> Graph:
    values: dict[str, Kind] = {
        "x": (F32, (batch, 40)),
        "w": (weights, (12, 40), None),
        "y": (F32, (batch, 12)),
    }
    return graph([("FULLY_CONNECTED", PLAIN, {"input": "x", "filter": "w"}, "y")], values)


def recurrent(weights: DType) -> Graph:
    gates = ("input", "forget", "cell", "output")
    values: dict[str, Kind] = {"x": (F32, (2, 9, 7)), "y": (F32, (2, 9, 12)), "h": (F32, (2, 12)), "c": (F32, (2, 12))}
    reads = {"input": "x"}
    for gate in gates:
        values[f"i{gate}"], values[f"r{gate}"] = (weights, (12, 7), None), (weights, (12, 12), None)
        values[f"b{gate}"] = (F32, (12,), None)
    reads |= {f"input_to_{gate}_weights": f"i{gate}" for gate in gates}
    reads |= {f"recurrent_to_{gate}_weights": f"r{gate}" for gate in gates}
    ports = ("input_gate_bias", "forget_gate_bias", "cell_bias", "output_gate_bias")
    reads |= {port: f"b{gate}" for port, gate in zip(ports, gates, strict=True)}
    reads |= {"input_activation_state": "h", "input_cell_state": "c"}
    attrs = {"fused_activation_function": "TANH", "time_major": False, "cell_clip": 0.0, "proj_clip": 0.0}
    return graph([("UNIDIRECTIONAL_SEQUENCE_LSTM", attrs, reads, "y")], values)


def chain() -> Graph:
    """What is written over, viewed, read twice and never read."""
    values: dict[str, Kind] = dict.fromkeys(("x", "a", "b", "c", "d", "lost", "y"), (F32, (4, 70)))
    values |= {"v": (F32, (2, 140)), "s": (I32, (2,), (2, 140)), "t": (I32, (2,), (4, 70)), "w": (F32, (1, 70), None)}
    return graph(
        [
            ("RELU", {}, {"x": "x"}, "a"),
            ("ADD", PLAIN, {"lhs": "a", "rhs": "w"}, "b"),
            ("ABS", {}, {"x": "x"}, "lost"),
            ("RESHAPE", {}, {"input": "b", "shape": "s"}, "v"),
            ("RESHAPE", {}, {"input": "v", "shape": "t"}, "c"),
            ("MUL", PLAIN, {"lhs": "c", "rhs": "b"}, "d"),
            ("SOFTMAX", {"beta": 1.0}, {"input": "d"}, "y"),
        ],
        values,
    )


def unpacked() -> Graph:
    values: dict[str, Kind] = dict.fromkeys(("x", "a", "b", "y"), (F32, (4, 70)))
    values |= {"h": (DType.FLOAT16, (4, 70), None)}
    return graph(
        [
            ("DEQUANTIZE", {}, {"input": "h"}, "a"),
            ("ADD", PLAIN, {"lhs": "x", "rhs": "a"}, "b"),
            ("RELU", {}, {"x": "b"}, "y"),
        ],
        values,
    )


def product(const: bool) -> Graph:
    values: dict[str, Kind] = {
        "x": (F32, (2, 4, 7)),
        "w": (F32, (2, 7, 5), None) if const else (F32, (2, 7, 5)),
        "y": (F32, (2, 4, 5)),
    }
    attrs = {"adj_x": False, "adj_y": False}
    return graph([("BATCH_MATMUL", attrs, {"x": "x", "y": "w"}, "y")], values, ("x",) if const else ("x", "w"))


def mean(dtype: DType) -> Graph:
    values: dict[str, Kind] = {"x": (dtype, (2, 5, 6, 70)), "axes": (I32, (2,), (1, 2)), "y": (dtype, (2, 70))}
    return graph([("MEAN", {"keep_dims": False}, {"input": "x", "axis": "axes"}, "y")], values)


def splits() -> Graph:
    """Forty tensors of one size: where ties fall decides."""
    values: dict[str, Kind] = {"x": (F32, (4, 64)), "axis": (I32, (), (1,))}
    steps: list[Step] = []
    before, held = "x", ["x"]
    for i in range(40):
        values[f"t{i}"] = (F32, (4, 64))
        kind, reads = ("TANH", {"input": before}) if i % 3 else ("PRELU", {"input": before, "alpha": held[i // 2]})
        steps.append((kind, {}, reads, f"t{i}"))
        before = f"t{i}"
        held.append(before)
    return graph(steps, values)


GRAPHS = {
    "plain convolution": conv(F32, 3),
    "pointwise convolution": conv(F32, 1),
    "hybrid convolution": conv(I8, 3),
    "dense": dense(F32, 3),
    "hybrid dense": dense(I8, 3),
    "dense of four bits": dense(DType.INT4, 6),
    "recurrent": recurrent(F32),
    "hybrid recurrent": recurrent(I8),
    "chain": chain(),
    "unpacked constant": unpacked(),
    "product": product(const=False),
    "product with a constant": product(const=True),
    "mean": mean(F32),
    "mean of bytes": mean(I8),
    "mean of whole numbers": mean(I32),
    "ties": splits(),
}


@pytest.mark.referee
@pytest.mark.parametrize("name", GRAPHS)
def test_the_arenas_are_those_of_the_interpreter(name: str, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    path = tmp_path / "graph.tflite"
    assert write_tflite(GRAPHS[name], path).said.done
    ran = subprocess.run([sys.executable, ASK, path], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    planned, arena, persistent = ran.stdout.split()[-3:]
    mine = {pool.name: pool.arena.size for pool in builtin_pools(GRAPHS[name])}
    assert planned == "load"
    assert (mine["arena"], mine.get("persistent arena", 0)) == (int(arena), int(persistent))
