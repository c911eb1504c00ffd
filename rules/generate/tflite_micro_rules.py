"""Writes rules/tflite-micro/kernels.toml: the kernels of TensorFlow Lite for Microcontrollers, and their types.

    git clone https://github.com/tensorflow/tflite-micro && python rules/generate/tflite_micro_rules.py tflite-micro

reads `micro_mutable_op_resolver.h` at the checkout's commit, and the answers of single ops in rules/tflite-micro/runs,
which `benchmarks/memory/ask_tflite_micro.py` asked for. The output is the same on every run; a newer commit is a new
run and a diff.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tflite_rules import FREE, MAIN, row, show
from tflite_rules_examples import example

RULES = Path(__file__).resolve().parent.parent / "tflite-micro"
TARGET = RULES / "kernels.toml"
ANSWERS = RULES / "runs" / "2026-11-22-single-ops.csv"
RESOLVER = "tensorflow/lite/micro/micro_mutable_op_resolver.h"

FORMS = {
    "ARG_MIN": '(T[1,4] x) => (int32[1] y0) <int32 a = {1}> { y0 = ARG_MIN <output_type = "INT32"> (x, a) }',
    "BROADCAST_ARGS": "(T[2] x, T[2] z) => (T[2] y0) { y0 = BROADCAST_ARGS (x, z) }",
    "PADV2": "(T[1,4] x, T c) => (T[1,6] y0) <int32[2,2] p = {0,0,1,1}> { y0 = PADV2 (x, p, c) }",
    "REDUCE_ALL": "(T[1,4] x) => (T[1,1] y0) <int32[1] a = {1}> { y0 = REDUCE_ALL <keep_dims = 1> (x, a) }",
    "REDUCE_MAX": "(T[1,4] x) => (T[1,1] y0) <int32[1] a = {1}> { y0 = REDUCE_MAX <keep_dims = 1> (x, a) }",
    "REDUCE_MIN": "(T[1,4] x) => (T[1,1] y0) <int32[1] a = {1}> { y0 = REDUCE_MIN <keep_dims = 1> (x, a) }",
    "SELECT_V2": "(bool[1,4] c, T[1,4] x, T[1,4] z) => (T[1,4] y0) { y0 = SELECT_V2 (c, x, z) }",
    "SHAPE": '(T[1,4] x) => (int32[2] y0) { y0 = SHAPE <out_type = "INT32"> (x) }',
    "SPACE_TO_BATCH_ND": "(T[1,4,4,1] x) => (T[4,2,2,1] y0) <int32[2] b = {2,2}, int32[2,2] c = {0,0,0,0}> "
    "{ y0 = SPACE_TO_BATCH_ND (x, b, c) }",
    "SPACE_TO_DEPTH": "(T[1,4,4,1] x) => (T[1,2,2,4] y0) { y0 = SPACE_TO_DEPTH <block_size = 2> (x) }",
    "SPLIT": "(T[1,4] x) => (T[1,2] y0, T[1,2] y1) <int32 a = {1}> { y0, y1 = SPLIT <num_splits = 2> (a, x) }",
    "SPLIT_V": "(T[1,4] x) => (T[1,2] y0, T[1,2] y1) <int32[2] s = {2,2}, int32 a = {1}> "
    "{ y0, y1 = SPLIT_V <num_splits = 2> (x, s, a) }",
    "SQUEEZE": "(T[1,4] x) => (T[4] y0) { y0 = SQUEEZE <squeeze_dims = [0]> (x) }",
    "SUM": "(T[1,4] x) => (T[1,1] y0) <int32[1] a = {1}> { y0 = SUM <keep_dims = 1> (x, a) }",
}
"""Ops whose operands are not all alike, beside those of the LiteRT rules; `T` stands for the element type."""

TYPES = ("float", "int8", "uint8", "int16", "int32", "int64", "bool", "uint32")
"""Element types as ONNX text names them. What is written as float32 in the lowering cannot be shown."""

PORTS = {
    "BROADCAST_ARGS": "s0", "EXPAND_DIMS": "input", "LOGICAL_NOT": "lhs", "LOGICAL_OR": "lhs", "REDUCE_ALL": "input",
    "SHAPE": "input", "SPLIT": "value", "SPLIT_V": "value",
}  # fmt: skip
"""The operand whose type was varied, where it is not the type of the result and the LiteRT rules do not say so."""

NOT_VARIED = frozenset(
    {"ASSIGN_VARIABLE", "CALL_ONCE", "FILL", "IF", "READ_VARIABLE", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "WHILE"}
)
"""Ops that the runs do not show alone: with bodies, variables, or operands of several types."""

DATA = frozenset({"BROADCAST_TO", "CUMSUM", "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "REDUCE_ALL", "SHAPE"})
"""Ops with operands of types of their own whose data were varied all the same."""


def text(schema: Mapping[str, Mapping[str, list[str]]], op: str, kind: str = "float") -> str:
    """A text with the op, its data of a type, as a TOML string holds it."""
    if op not in FORMS:
        return example(schema, op, kind)
    form = re.sub(r"\bT\b", kind, FORMS[op])
    return f"g {form.replace(f'= {op} ', f'= tflite.{op} ')}".replace('"', '\\"')


def registered(source: str) -> tuple[set[str], set[str]]:
    """The builtin and the custom ops that an application can add."""
    builtin = set(re.findall(r"AddBuiltin\(\s*BuiltinOperator_(\w+)", source))
    custom = set(re.findall(r"AddCustom\(\s*\"(\w+)\"", source))
    return builtin, custom


def kernels(schema: Mapping[str, Mapping[str, list[str]]], builtin: set[str], custom: set[str]) -> Iterator[str]:
    """What has a kernel, and what has none."""
    yield row(
        "kernel", builtin & set(schema), verdict='"runs"', source='{ resolver = "AddBuiltin" }',
        hits=f'["{text(schema, "ABS")}"]',
    )  # fmt: skip
    name = min(custom)
    yield row(
        "custom-kernel", {f"custom.{op}" for op in custom}, verdict='"runs"', source='{ resolver = "AddCustom" }',
        hits=f'["g (float[1,4] x) => (float[1,4] y0) {{ y0 = custom.{name} (x) }}"]',
    )  # fmt: skip
    none = set(schema) - builtin
    yield row(
        "no-kernel", none, verdict='"refuses"', scope='"model"', code='"EP108"',
        why='"The library has no kernel of this op, so the interpreter does not allocate the model."',
        source='{ resolver = "no AddBuiltin of the op", runs = "Didn\'t find op for builtin opcode" }',
        hits=f'["{text(schema, "GELU")}"]',
    )  # fmt: skip


def element_types(schema: Mapping[str, Mapping[str, list[str]]], answers: Path) -> Iterator[str]:
    """The element types whose kernel fails, from the runs; ops with the same ones share a row."""
    fails: dict[str, set[str]] = defaultdict(set)
    runs: dict[str, set[str]] = defaultdict(set)
    with answers.open(encoding="utf-8") as f:
        for line in csv.DictReader(f):
            if not line["said"].startswith("signal"):  # a scale that was made up, of a softmax
                (runs if line["ran"] == "yes" else fails)[line["op"]].add(line["type"])
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for op, types in fails.items():
        if op not in NOT_VARIED and (op not in FREE or op in DATA) and runs[op]:
            names = sorted(t.replace("float", "float32") for t in types)
            groups[PORTS.get(op, MAIN.get(op, "out")), tuple(names)].append(op)
    for (port, types), ops in sorted(groups.items(), key=lambda g: sorted(g[1])):
        first = min(ops)
        bad, good = types[0].replace("float32", "float"), next(t for t in TYPES if t in runs[first])
        yield row(
            f"types-{first.lower().replace('_', '-')}", ops, verdict='"refuses"', scope='"model"',
            when=f'{{ "{port}.dtype" = {json.dumps(list(types))} }}',
            why='"The kernel has no code for this element type, so the model does not run."',
            source='{ runs = "failed to prepare, or to invoke" }',
            hits=f'["{text(schema, first, bad)}"]', misses=f'["{text(schema, first, good)}"]',
        )  # fmt: skip


def main() -> None:
    """Read the sources and write the rows."""
    parser = argparse.ArgumentParser(description="Write rules/tflite-micro/kernels.toml.")
    parser.add_argument("checkout", type=Path, help="a clone of tensorflow/tflite-micro, or its git directory")
    checkout = parser.parse_args().checkout
    schema = json.loads((RULES.parent / "tflite" / "tflite.json").read_text("utf-8"))["ops"]
    builtin, custom = registered(show(checkout, "HEAD", RESOLVER))
    parts = [
        "# Kernels and element types. Written by rules/generate/tflite_micro_rules.py: change the script, not this.",
        *kernels(schema, builtin, custom),
        *element_types(schema, ANSWERS),
    ]
    TARGET.write_text("\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
