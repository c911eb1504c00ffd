"""Writes rules/tflite/tflite.json: the TFLite schema, and every op's operands as the TFL dialect names them.

    git clone https://github.com/google-ai-edge/LiteRT && python rules/generate/tflite_ops.py LiteRT

reads, at the checkout's commit, `tflite/converter/schema/schema.fbs` (tables, enums, op codes) and
`tflite/converter/ir/tfl_ops.td` (operands and results). What the dialect lacks stands in OPERANDS: the names of the
kernels' tensors (`tflite/kernels`) and of StableHLO's operands. The output is the same on every run; a new release is
a new run and a diff.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "tflite" / "tflite.json"
SCHEMA = "tflite/converter/schema/schema.fbs"
DIALECT = "tflite/converter/ir/tfl_ops.td"

NO_OP = {"CUSTOM", "PLACEHOLDER_FOR_GREATER_OP_CODES"}
"""Codes that stand for something else than an op of the schema."""

BASIC_LSTM = "basic_lstm"
"""The dialect's name of LSTM with kernel_type BASIC, which has operands of its own."""

OPERANDS = {
    "BIDIRECTIONAL_SEQUENCE_RNN": (
        "input fw_weights fw_recurrent_weights fw_bias fw_hidden_state bw_weights bw_recurrent_weights bw_bias "
        "bw_hidden_state aux_input? fw_aux_weights? bw_aux_weights? -> fw_output bw_output?"
    ),
    "CALL": "inputs* -> outputs*",
    "CONCAT_EMBEDDINGS": "inputs* -> output",
    "DELEGATE": "inputs* -> outputs*",
    "EMBEDDING_LOOKUP_SPARSE": "ids indices dense_shape weights value -> output",
    "HASHTABLE_LOOKUP": "lookup key value -> output hits",
    "IF": "cond inputs* -> outputs*",
    "L2_POOL_2D": "input -> output",
    "LSH_PROJECTION": "hash input weight? -> output",
    "REDUCE_WINDOW": "input init_value window_shape window_strides window_dilations -> output",
    "RNN": "input weights recurrent_weights bias hidden_state -> output",
    "SKIP_GRAM": "input -> output",
    "WHILE": "inputs* -> outputs*",
    **{
        f"STABLEHLO_{op}": "operand -> result"
        for op in (
            "ABS", "BROADCAST_IN_DIM", "CBRT", "CONVERT", "COSINE", "EXPONENTIAL", "FLOOR", "LOG", "LOGISTIC",
            "NEGATE", "RESHAPE", "RSQRT", "SLICE", "TANH", "TRANSPOSE",
        )
    },
    **{
        f"STABLEHLO_{op}": "lhs rhs -> result"
        for op in (
            "ADD", "AND", "COMPARE", "CONVOLUTION", "DIVIDE", "DOT_GENERAL", "MAXIMUM", "MINIMUM", "MULTIPLY", "OR",
            "POWER", "REMAINDER", "SHIFT_LEFT", "SUBTRACT",
        )
    },
    "STABLEHLO_CASE": "index -> outputs*",
    "STABLEHLO_CLAMP": "min operand max -> result",
    "STABLEHLO_COMPOSITE": "inputs* -> outputs*",
    "STABLEHLO_CONCATENATE": "inputs* -> result",
    "STABLEHLO_CUSTOM_CALL": "inputs* -> outputs*",
    "STABLEHLO_DYNAMIC_SLICE": "operand start_indices* -> result",
    "STABLEHLO_DYNAMIC_UPDATE_SLICE": "operand update start_indices* -> result",
    "STABLEHLO_GATHER": "operand start_indices -> result",
    "STABLEHLO_IOTA": "-> result",
    "STABLEHLO_PAD": "operand padding_value -> result",
    "STABLEHLO_REDUCE": "inputs* -> outputs*",
    "STABLEHLO_REDUCE_WINDOW": "inputs* -> outputs*",
    "STABLEHLO_RNG_BIT_GENERATOR": "initial_state -> output_state output",
    "STABLEHLO_SCATTER": "operand scatter_indices updates -> result",
    "STABLEHLO_SELECT": "pred on_true on_false -> result",
    "STABLEHLO_SORT": "inputs* -> outputs*",
    "STABLEHLO_WHILE": "inputs* -> outputs*",
}  # fmt: skip
"""Operands and results of the ops that are not in the dialect; `?` optional, `*` any number."""

OPTIONS = {
    "BIDIRECTIONAL_SEQUENCE_RNN": "BidirectionalSequenceRNNOptions", "L2_POOL_2D": "Pool2DOptions",
    "MAXIMUM": "MaximumMinimumOptions", "MINIMUM": "MaximumMinimumOptions",
    "STABLEHLO_COMPOSITE": "StableHLOCompositeOptions", "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
}  # fmt: skip
"""Options tables that neither the dialect nor the op's own name leads to."""

OPTIONAL = {("RESHAPE", "shape")}
"""Operands that the dialect requires and the kernel does not: RESHAPE reads the option `new_shape` without one."""

SCALARS = {
    "bool", "byte", "double", "float", "int", "int32", "int64", "long", "short", "string", "ubyte", "uint", "ulong",
    "ushort",
}  # fmt: skip


def read(checkout: Path, path: str) -> str:
    """A file of the checkout's commit, without comments."""
    text = subprocess.run(
        ["git", "-C", str(checkout), "show", f"HEAD:{path}"], check=True, capture_output=True, text=True
    ).stdout
    return re.sub(r"//[^\n]*", "", text)


def enums(schema: str) -> dict[str, dict[str, int]]:
    """Enum to name to number."""
    found: dict[str, dict[str, int]] = {}
    for name, body in re.findall(r"^enum (\w+)\s*:\s*\w+\s*\{(.*?)\}", schema, re.M | re.S):
        numbers: dict[str, int] = {}
        for entry in filter(None, (e.split("(")[0].strip() for e in body.split(","))):
            member, _, number = (part.strip() for part in entry.partition("="))
            numbers[member] = int(number) if number else len(numbers)
        found[name] = numbers
    return found


def storage(schema: str) -> dict[str, str]:
    """Enum to the type it is stored in."""
    return dict(re.findall(r"^enum (\w+)\s*:\s*(\w+)", schema, re.M))


def unions(schema: str) -> dict[str, list[str]]:
    """Union to its tables; the first has the number 1."""
    return {
        name: re.sub(r"\(.*?\)", "", body).replace(",", " ").split()
        for name, body in re.findall(r"^union (\w+)\s*\{(.*?)\}", schema, re.M | re.S)
    }


def tables(schema: str, numbers: Mapping[str, Mapping[str, int]], choices: Mapping[str, object]) -> dict[str, Any]:
    """Table to its fields in the order of their slots, each `type=default`; empty for one that is given up.

    A union takes two slots: the number of its table, then the table.
    """
    found: dict[str, dict[str, str]] = {}
    for name, body in re.findall(r"^table (\w+)[^{\n]*\{(.*?)\}", schema, re.M | re.S):
        fields: dict[str, str] = {}
        for field in filter(None, (f.strip() for f in body.split(";"))):
            label, _, rest = (part.strip() for part in field.partition(":"))
            kind, _, default = (part.strip() for part in re.sub(r"\([^)]*\)", "", rest).partition("="))
            kind = kind.replace(" ", "")
            if "(deprecated)" in rest:
                fields[label] = ""
                continue
            if kind in choices:
                fields[f"{label}_type"] = "utype"
            if kind in numbers:
                default = default or next(n for n, value in numbers[kind].items() if value == 0)
            fields[label] = kind + (f"={default}" if default else "")
        found[name] = fields
    return found


def dialect(text: str) -> Iterator[tuple[str, str, list[str], list[str], str]]:
    """Mnemonic, class name, operands, results and options table of every op the dialect defines."""
    heads = list(re.finditer(r"^def TFL_(\w+)\s*:\s*TFL_\w+<\s*\"(\w+)\"", text, re.M))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() : following.start() if following else len(text)]
        results = dag(body, "results", "outs") if "let results" in body else ["output"]
        custom = re.search(r'customOption = "(\w+)"', body)
        options = custom[1] if custom else head[1].removesuffix("Op") + "Options"
        yield head[2], head[1], dag(body, "arguments", "ins"), results, options


def dag(body: str, name: str, kind: str) -> list[str]:
    """The tensors of `let NAME = (KIND type:$name, ...)`, marked `?` and `*`; attributes are left out."""
    start = re.search(rf"let {name}\s*=\s*\(\s*{kind}\b", body)
    if start is None:
        return []
    depth, end = 1, start.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(body[end], 0)
        end += 1
    found = []
    for entry in split(body[start.end() : end - 1]):
        tensor, _, label = entry.rpartition(":$")
        if label and "Attr" not in tensor:
            optional = "OrNone" in tensor or "Optional" in tensor
            found.append(label + ("*" if "Variadic" in tensor else "?" if optional else ""))
    return found


def split(text: str) -> Iterator[str]:
    """The entries between commas that stand in no bracket."""
    depth, entry = 0, ""
    for letter in text:
        depth += {"<": 1, "[": 1, "(": 1, "{": 1, ">": -1, "]": -1, ")": -1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            yield entry.strip()
            entry = ""
        else:
            entry += letter
    if entry.strip():
        yield entry.strip()


def ops(codes: Mapping[str, int], text: str, known: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Every builtin op: code, inputs, outputs, options table."""
    defined = {mnemonic: rest for mnemonic, *rest in dialect(text)}
    spelled = {table.lower(): table for table in known}
    found: dict[str, dict[str, Any]] = {}
    for op, code in codes.items():
        if op in NO_OP:
            continue
        inputs: Sequence[str]
        if op.lower() in defined:
            _, inputs, outputs, options = defined[op.lower()]
            inputs = [f"{name}?" if (op, name) in OPTIONAL else name for name in inputs]
        else:
            sides = OPERANDS[op].split("->")
            (inputs, outputs), options = (side.split() for side in sides), ""
        entry: dict[str, Any] = {"code": code, "inputs": inputs, "outputs": outputs}
        if op == "LSTM":
            entry["basic"] = defined[BASIC_LSTM][1]
        plain = spelled.get(op.replace("_", "").lower() + "options", "")
        table = OPTIONS.get(op) or (options if options in known else plain)
        if known.get(table):
            entry["options"] = table
        found[op] = entry
    return found


def compact(table: Mapping[str, Any]) -> str:
    """JSON with one entry a line."""
    parts = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines = (f"  {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in value.items())
            parts.append(f"{json.dumps(key)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> None:
    """Read both files and write the table."""
    parser = argparse.ArgumentParser(description="Write rules/tflite/tflite.json.")
    parser.add_argument("checkout", type=Path, help="a clone of google-ai-edge/LiteRT, or its git directory")
    checkout = parser.parse_args().checkout
    head = subprocess.run(["git", "-C", str(checkout), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    schema = read(checkout, SCHEMA)
    numbers, choices = enums(schema), unions(schema)
    fields = tables(schema, numbers, choices)
    codes = numbers.pop("BuiltinOperator")
    unknown = {t.strip("[]").split("=")[0] for f in fields.values() for t in f.values()}
    unknown -= {*SCALARS, *numbers, *choices, *fields, "BuiltinOperator", "utype", ""}
    if unknown:
        raise SystemExit(f"types that nothing declares: {sorted(unknown)}")
    source = f"google-ai-edge/LiteRT@{head.stdout.strip()}: {SCHEMA}, {DIALECT}"
    by_code = dict(sorted(codes.items(), key=lambda item: item[1]))
    table = {
        "source": source, "ops": ops(by_code, read(checkout, DIALECT), fields),
        "enums": numbers, "storage": storage(schema), "unions": choices, "tables": fields,
    }  # fmt: skip
    TARGET.write_text(compact(table), "utf-8")


if __name__ == "__main__":
    main()
