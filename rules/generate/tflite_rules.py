"""Writes rules/tflite/builtin.toml: which ops, versions and element types LiteRT's builtin kernels have, by release.

    git clone https://github.com/google-ai-edge/LiteRT && python rules/generate/tflite_rules.py LiteRT

reads `runtime_version.cc` (the TensorFlow Lite that brought each op version) at the checkout's commit, `register.cc`
(what a release registers) at it and at the tags of TAGS, and the answers of single ops in rules/tflite/runs. The output
is the same on every run; a new release is a new run and a diff.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tflite_rules_examples import example

from edgeplan.capability.rows import load_backend

RULES = Path(__file__).resolve().parent.parent / "tflite"
TARGET = RULES / "builtin.toml"
REGISTER = "tflite/core/kernels/register.cc"
RUNTIMES = "tflite/converter/tools/versioning/runtime_version.cc"

TAGS = {
    "LiteRT 1.0": "v1.1.0", "LiteRT 1.1": "v1.1.0", "LiteRT 1.2": "v1.2.0", "LiteRT 1.3": "v1.3.0",
    "LiteRT 1.4": "v1.4.0",
    "LiteRT 2.0": "v2.0.2", "LiteRT 2.1": "v2.1.0", "LiteRT 2.2": "v2.2.0", "LiteRT 2.3": "HEAD",
}  # fmt: skip
"""The tag a release was made from. The tag of 1.0 holds no runtime yet: the next one stands in."""

MAIN = {
    "EQUAL": "x", "NOT_EQUAL": "lhs", "GREATER": "lhs", "GREATER_EQUAL": "lhs", "LESS": "lhs", "LESS_EQUAL": "lhs",
    "ARG_MAX": "input", "ARG_MIN": "input",
}  # fmt: skip
"""The operand whose type was varied, where it is not the type of the result too."""

FREE = frozenset(
    {
        "BATCH_MATMUL", "BITCAST", "BITWISE_XOR", "CAST", "CONV_2D", "CONV_3D", "CUMSUM", "DEPTHWISE_CONV_2D",
        "DEQUANTIZE", "EMBEDDING_LOOKUP", "FAKE_QUANT", "FULLY_CONNECTED", "LOCAL_RESPONSE_NORMALIZATION",
        "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "MATRIX_DIAG", "ONE_HOT", "QUANTIZE", "RANGE", "RANK",
        "REDUCE_ALL", "REDUCE_ANY", "RIGHT_SHIFT", "SCATTER_ND", "SEGMENT_SUM", "SHAPE", "TRANSPOSE_CONV", "UNIQUE",
        "WHERE", "BROADCAST_TO",
    }
)  # fmt: skip
"""Ops whose operands have types of their own: the runs vary one of them only, which is no rule about the op."""


def show(checkout: Path, revision: str, path: str) -> str:
    """A file at a revision."""
    command = ["git", "-C", str(checkout), "show", f"{revision}:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def registered(source: str) -> dict[str, int]:
    """Op to the latest version the resolver knows."""
    found: dict[str, int] = {}
    for op, rest in re.findall(r"AddBuiltin\(\s*BuiltinOperator_(\w+),(.*?)\);", source, re.S):
        numbers = [int(n) for n in re.findall(r"\b(\d+)\b", re.sub(r"Register_\w+\(\)", "", rest))]
        found[op] = max(numbers, default=1)
    return found


def runtimes(source: str) -> dict[str, dict[int, tuple[int, int]]]:
    """Op to version to the TensorFlow Lite that brought it."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    pattern = r"\{\s*\{BuiltinOperator_(\w+),\s*(\d+)\},\s*(?:\"(\d+)\.(\d+)[^\"]*\"|kPendingReleaseVersion)\s*\}"
    for op, version, major, minor in re.findall(pattern, source):
        found.setdefault(op, {})[int(version)] = (int(major), int(minor)) if major else (99, 0)
    return found


def spans(
    releases: tuple[str, ...],
    known: Mapping[str, Mapping[str, int]],
    op: str,
    version: int,
    brought: tuple[int, int] | None,
) -> Iterator[tuple[str, str]]:
    """The spans of releases that lack a version of an op: among those of TensorFlow Lite, and among LiteRT's."""
    lacking = [r for r in releases if _lacks(r, known, op, version, brought)]
    at = 0
    while at < len(lacking):
        first = last = releases.index(lacking[at])
        while at + 1 < len(lacking) and releases.index(lacking[at + 1]) == last + 1:
            at, last = at + 1, last + 1
        yield ("" if first == 0 else releases[first]), releases[last]
        at += 1


def _lacks(
    release: str, known: Mapping[str, Mapping[str, int]], op: str, version: int, brought: tuple[int, int] | None
) -> bool:
    if release in known:
        return known[release].get(op, 0) < version
    if brought is None:
        return False
    major, minor = (int(n) for n in release.removeprefix("TFLite ").split("."))
    return (major, minor) < brought


def listed(ops: Iterable[str]) -> str:
    """A TOML array over as many lines as it takes."""
    lines, line = [], "   "
    for op in sorted(ops):
        if len(line) + len(op) > 112:
            lines, line = [*lines, line], "   "
        line += f' "{op}",'
    return "[\n" + "\n".join([*lines, line]) + "\n]"


def row(name: str, ops: Iterable[str], **keys: str) -> str:
    """A row as TOML; values are TOML already."""
    unit = keys.pop("unit", '["cpu"]')
    return "\n".join(
        ["", "[[row]]", f'id      = "{name}"', f"ops     = {listed(ops)}", f"unit    = {unit}"]
        + [f"{key:<7} = {value}" for key, value in keys.items() if value]
    )


def kernels(schema: Mapping[str, Mapping[str, list[str]]], known: Mapping[str, int]) -> Iterator[str]:
    """What has a kernel in the newest release, and what never had one."""
    takes = set(known) & set(schema)
    none = set(schema) - takes
    yield row(
        "cpu-kernel",
        takes,
        verdict='"runs"',
        source='{ register = "AddBuiltin" }',
        hits=f'["{example(schema, "ABS")}"]',
    )
    yield row(
        "cpu-no-kernel", none, verdict='"refuses"', scope='"model"',
        why='"LiteRT has no kernel of this op, so it does not load the model."',
        source='{ register = "no AddBuiltin of the op" }', hits=f'["{example(schema, min(none))}"]',
    )  # fmt: skip


def versions(
    schema: Mapping[str, Mapping[str, list[str]]],
    known: Mapping[str, Mapping[str, int]],
    brought: Mapping[str, Mapping[int, tuple[int, int]]],
    releases: tuple[str, ...],
) -> Iterator[str]:
    """The releases that do not know an op, or a version of it."""
    newest = known["LiteRT 2.3"]
    groups: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for op in sorted(set(newest) & set(schema)):
        for version in range(1, newest[op] + 2):
            table = brought.get(op, {})
            first = min((v for v in table if v >= version), default=0)
            since = table[first] if first else ((99, 0) if version > newest[op] else None)
            for span in spans(releases, known, op, version, since):
                groups[(*span, version)].append(op)
    order = {r: i for i, r in enumerate(releases)}
    for (since, until, version), ops in sorted(
        groups.items(), key=lambda g: (order[g[0][1]], g[0][2], order.get(g[0][0], -1))
    ):
        ever = until == releases[-1]
        label = "never" if ever else f"until-{_slug(until)}"
        start = f"since-{_slug(since)}-" if since else ""
        yield row(
            f"load-{start}{label}-v{version}", ops, unit='["gpu", "xnnpack", "cpu"]',
            since=f'"{since}"' if since else "",
            until="" if ever else f'"{until}"', verdict='"refuses"', scope='"model"', code='"EP108"',
            when="" if version == 1 else f"{{ opset = {{ min = {version} }} }}",
            why=f'"The runtime knows {_what(version)}, so it does not load the model."',
            source="{ register = \"Didn't find op for builtin opcode\" }" if ever else
            '{ runtime-version = "FindMinimumRuntimeVersionForOp" }' if until.startswith("TFLite") else
            '{ register-tags = "AddBuiltin, max_version" }',
            hits=f'["{example(schema, ops[0], version=version if version > 1 else 0)}"]',
            misses="" if version == 1 else f'["{example(schema, ops[0], version=version - 1)}"]',
        )  # fmt: skip


def _what(version: int) -> str:
    return "no such op" if version == 1 else f"the op up to version {version - 1}"


def _slug(release: str) -> str:
    return release.lower().replace(" ", "-").replace(".", "-")


def element_types(schema: Mapping[str, Mapping[str, list[str]]], answers: Path) -> Iterator[str]:
    """The element types whose kernel fails, from the runs; ops with the same ones share a row."""
    fails: dict[str, set[str]] = defaultdict(set)
    runs: set[str] = set()
    with answers.open(encoding="utf-8") as f:
        for line in csv.DictReader(f):
            if line["cpu"] == "fails":
                fails[line["op"]].add(line["type"])
            else:
                runs.add(line["op"])
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for op, types in fails.items():
        types.discard("float32")  # a sample may fail for another reason; float kernels there are
        if op in runs and op not in FREE and types - WIDE:
            groups[MAIN.get(op, "out"), tuple(sorted(types))].append(op)
    for (port, types), ops in sorted(groups.items(), key=lambda g: g[1]):
        bad = next(t for t in ("int64", "uint32", "bool", "int16", *types) if t in types and t not in WIDE)
        yield row(
            f"cpu-types-{min(ops).lower().replace('_', '-')}", ops, verdict='"refuses"', scope='"model"',
            when=f'{{ "{port}.dtype" = {json.dumps(list(types))} }}',
            why='"The builtin kernel has no code for this element type, so the model does not run."',
            source='{ runs-litert-ops = "cpu: fails" }',
            hits=f'["{example(schema, min(ops), bad)}"]', misses=f'["{example(schema, min(ops))}"]',
        )  # fmt: skip


WIDE = frozenset({"float16", "float64"})
"""Element types that the lowering turns into float32: no example can show them."""


def main() -> None:
    """Read the sources and write the rows."""
    parser = argparse.ArgumentParser(description="Write rules/tflite/builtin.toml.")
    parser.add_argument("checkout", type=Path, help="a clone of google-ai-edge/LiteRT, or its git directory")
    checkout = parser.parse_args().checkout
    schema = json.loads((RULES / "tflite.json").read_text("utf-8"))["ops"]
    known = {release: registered(show(checkout, tag, REGISTER)) for release, tag in TAGS.items()}
    brought = runtimes(show(checkout, "HEAD", RUNTIMES))
    parts = [
        "# Builtin kernels, op versions. Written by rules/generate/tflite_rules.py: change the script, not this file.",
        *kernels(schema, known["LiteRT 2.3"]),
        *versions(schema, known, brought, load_backend("tflite").releases),
        *element_types(schema, RULES / "runs" / "litert-2.3-single-ops.csv"),
    ]
    TARGET.write_text("\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
