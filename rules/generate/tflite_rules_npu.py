"""Writes rules/tflite/npu.toml and nnapi.toml: what LiteRT's compiler plugins and the NNAPI delegate hand to an NPU.

    git clone https://github.com/google-ai-edge/LiteRT && python rules/generate/tflite_rules_npu.py LiteRT

reads at the checkout's commit the op lists of `litert/vendors/*/compiler` and the checks of `nnapi_delegate.cc`. What
a plugin does not name stays off its NPU. What it names, the vendor's compiler still has to take. The output is the same
on every run; a new release is a new run and a diff.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tflite_rules import listed
from tflite_rules_examples import example

RULES = Path(__file__).resolve().parent.parent / "tflite"
NNAPI = "tflite/delegates/nnapi/nnapi_delegate.cc"
VENDORS = "litert/vendors"

QUALCOMM = f"{VENDORS}/qualcomm/compiler/qnn_compose_graph.cc"
MEDIATEK = f"{VENDORS}/mediatek/compiler/compiler_plugin.cc"
SAMSUNG = f"{VENDORS}/samsung/compiler/create_model.cc"
OPENVINO = f"{VENDORS}/intel_openvino/compiler/openvino_compiler_plugin.cc"

ALLOW = {
    "htp": ("qualcomm-plugin", QUALCOMM, "the QNN HTP backend validates each op"),
    "mediatek": ("mediatek-plugin", MEDIATEK, "NeuronAdapter is asked about each op"),
    "samsung": ("samsung-plugin", SAMSUNG, "the graph wrapper may still fail"),
    "openvino": ("openvino-plugin", OPENVINO, "OpenVINO compiles afterwards"),
}
"""Unit to its source, the file that names the ops, and who decides after it."""

TENSOR = f"{VENDORS}/google_tensor/compiler/compiler_plugin.cc"

PORT = {
    "SPLIT": "value", "SPLIT_V": "value", "TRANSPOSE_CONV": "input", "SELECT": "x", "SELECT_V2": "x", "LESS": "lhs",
    "EMBEDDING_LOOKUP": "value",
}  # fmt: skip
"""The operand whose type NNAPI's checks speak of, where it is not the first."""

TYPES = {
    "ExpectIsFloatOperator": (),
    "ExpectIsFloatOrUint8Operator": ("uint8",),
    "ExpectIsFloatOrQuant8Operator": ("int8", "uint8"),
    "ExpectIsFloatOrInt32Operator": ("int32",),
    "ExpectIsFloatQuant8OrInt32Operator": ("int8", "uint8", "int32"),
}
"""NNAPI's checks, with the types beside floats that they let pass."""

TOP = r"(?m)^      "
"""The margin of what a case checks whatever the API level."""

CHECK = TOP + r"(?:if \(android_sdk_version >= \w+\) \{\n\s+)?(ExpectIs\w+Operator)\("

LEVELS = {"DENSIFY": 30}
"""What a case asks for in a way of its own."""

INTEGERS = ("int8", "uint8", "int16", "int32", "int64", "uint32", "bool")


def show(checkout: Path, path: str) -> str:
    """A file of the checkout's commit."""
    command = ["git", "-C", str(checkout), "show", f"HEAD:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def plain(name: str) -> str:
    """A name without case and punctuation: what `Conv2d` and `CONV_2D` share."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def named(text: str, schema: Mapping[str, object], prefix: str = "kLiteRtOpCodeTfl") -> list[str]:
    """The ops of the schema that a source names by their codes."""
    codes = {plain(op): op for op in schema}
    found = {codes.get(plain(name)) for name in re.findall(rf"{prefix}(\w+)", text)}
    return sorted(op for op in found if op)


def row(name: str, ops: list[str], **keys: str) -> str:
    """A row as TOML; values are TOML already."""
    pairs = [f"{key:<10} = {value}" for key, value in keys.items() if value]
    return "\n".join(["", "[[row]]", f'id         = "{name}"', f"ops        = {listed(ops)}", *pairs])


def plugins(schema: Mapping[str, Mapping[str, list[str]]], checkout: Path) -> Iterator[str]:
    """The compiler plugins: four name what they take, Google's what it leaves."""
    for unit, (source, path, later) in ALLOW.items():
        takes = named(show(checkout, path), schema)
        leaves = sorted(set(schema) - set(takes))
        yield row(
            f"{unit}-takes", takes, unit=f'["{unit}"]', verdict='"runs"', source=f'{{ {source} = "names the op" }}',
            against=f'{{ {source} = "{later}" }}', hits=f'["{example(schema, takes[0])}"]',
        )  # fmt: skip
        yield row(
            f"{unit}-leaves", leaves, unit=f'["{unit}"]', verdict='"refuses"',
            why='"The plugin does not convert this op, so it stays on the other units."',
            source=f'{{ {source} = "does not name the op" }}', hits=f'["{example(schema, leaves[0])}"]',
        )  # fmt: skip
    text = show(checkout, TENSOR)
    denied = named(text[text.index("kUnSupportedOps") : text.index("kSupportedStableHloCompositeOps")], schema)
    yield row(
        "tpu-leaves", denied, unit='["tpu"]', verdict='"refuses"',
        why='"The Google Tensor plugin leaves this op to the other units."',
        source='{ tensor-plugin = "kUnSupportedOps" }', hits=f'["{example(schema, denied[0])}"]',
    )  # fmt: skip


def checks(text: str) -> dict[str, str]:
    """Builtin op, as the delegate writes it, to the code that validates it."""
    start = text.index("bool NNAPIDelegateKernel::Validate")
    body = text[start : text.index("\n}  // NOLINT", start)]
    found: dict[str, str] = {}
    for block in re.split(r"\n    \} break;\n|\n      break;\n    \}\n", body):
        for label in re.findall(r"^    case kTfLiteBuiltin(\w+):", block, re.M):
            found[label] = block
    return found


def nnapi(schema: Mapping[str, Mapping[str, list[str]]], checkout: Path) -> Iterator[str]:
    """The delegate's rows: since which API level, up to which version, in which types, of which rank."""
    codes = {plain(op): op for op in schema}
    known = {codes[plain(k)]: v for k, v in checks(show(checkout, NNAPI)).items() if plain(k) in codes}
    levels, versions, types, ranks = _groups(known)
    for level, ops in sorted(levels.items()):
        yield row(
            f"nnapi-{level}", ops, unit='["nnapi"]', generation=f'{{ min = "{level}" }}', verdict='"runs"',
            source='{ nnapi-delegate = "NNAPIDelegateKernel::Validate" }',
            against='{ nnapi-delegate = "the device\'s driver may still refuse the op" }',
            hits=f'["{example(schema, min(ops))}"]',
        )  # fmt: skip
        if level > 27:
            yield row(
                f"nnapi-before-{level}", ops, unit='["nnapi"]', generation=f'{{ max = "{level - 1}" }}',
                verdict='"refuses"', why=f'"NNAPI has the op since Android API level {level}."',
                source='{ nnapi-delegate = "ExpectMinAndroidSdkVersion" }', hits=f'["{example(schema, min(ops))}"]',
            )  # fmt: skip
    rest = sorted(set(schema) - set(known))
    yield row(
        "nnapi-leaves", rest, unit='["nnapi"]', verdict='"refuses"', why='"NNAPI has no such op."',
        source='{ nnapi-delegate = "Validate: \'Unsupported operation type.\'" }',
        hits=f'["{example(schema, rest[0])}"]',
    )  # fmt: skip
    for version, ops in sorted(versions.items()):
        first = min(ops)
        yield row(
            f"nnapi-version-{version + 1}", ops, unit='["nnapi"]', verdict='"refuses"',
            when=f"{{ opset = {{ min = {version + 1} }} }}",
            why=f'"The NNAPI delegate knows this op up to version {version}."',
            source=f'{{ nnapi-delegate = "ExpectMaxOpVersion(version, {version})" }}',
            hits=f'["{example(schema, first, version=version + 1)}"]',
            misses=f'["{example(schema, first, version=version)}"]',
        )  # fmt: skip
    for (port, allowed), ops in sorted(types.items()):
        refused = [t for t in INTEGERS if t not in allowed]
        yield row(
            f"nnapi-types-{min(ops).lower().replace('_', '-')}", ops, unit='["nnapi"]', verdict='"refuses"',
            when=f'{{ "{port}.dtype" = {json.dumps(refused)} }}',
            why='"The NNAPI delegate does not hand this element type to the driver for this op."',
            source='{ nnapi-delegate = "ExpectIsFloatOrQuant8Operator and its like" }',
            hits=f'["{example(schema, min(ops), refused[-1])}"]', misses=f'["{example(schema, min(ops))}"]',
        )  # fmt: skip
    yield row(
        "nnapi-rank", ranks, unit='["nnapi"]', verdict='"refuses"', when='{ "in.rank" = { min = 5 } }',
        why='"NNAPI takes at most four axes here."', source='{ nnapi-delegate = "\'Input rank must be <= 4\'" }',
        hits=f'["{example(schema, min(ranks)).replace("[1,4]", "[1,1,1,1,4]")}"]',
        misses=f'["{example(schema, min(ranks))}"]',
    )  # fmt: skip


def _groups(
    known: Mapping[str, str],
) -> tuple[dict[int, list[str]], dict[int, list[str]], dict[tuple[str, tuple[str, ...]], list[str]], list[str]]:
    levels: dict[int, list[str]] = defaultdict(list)
    versions: dict[int, list[str]] = defaultdict(list)
    types: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    ranks = []
    api = {"": 27, "11": 28, "12": 29, "13": 30}
    schema = json.loads((RULES / "tflite.json").read_text("utf-8"))["ops"]
    for op, block in sorted(known.items()):
        since = re.search(
            TOP + r"ExpectMinAndroidSdkVersion\(\s*android_sdk_version,\s*kMinSdkVersionForNNAPI(\d*)", block
        )
        levels[LEVELS.get(op) or (api[since[1]] if since else 27)].append(op)
        numbers = [int(n) for n in re.findall(r"Expect(?:Max)?OpVersion\(version, (\d+)", block)]
        if numbers:
            versions[max(numbers)].append(op)
        seen = [TYPES[name] for name in re.findall(CHECK, block) if name in TYPES]
        if seen:
            port = PORT.get(op, schema[op]["inputs"][0].rstrip("?*"))
            types[port, tuple(sorted({t for s in seen for t in s}))].append(op)
        if "Input rank must be <= 4" in block:
            ranks.append(op)
    return levels, versions, types, ranks


def main() -> None:
    """Read the sources and write both files."""
    parser = argparse.ArgumentParser(description="Write rules/tflite/npu.toml and nnapi.toml.")
    parser.add_argument("checkout", type=Path, help="a clone of google-ai-edge/LiteRT, or its git directory")
    checkout = parser.parse_args().checkout
    schema = json.loads((RULES / "tflite.json").read_text("utf-8"))["ops"]
    head = "# {}. Written by rules/generate/tflite_rules_npu.py: change the script, not this file."
    for name, title, rows in (
        ("npu", "NPU compiler plugins of LiteRT", plugins(schema, checkout)),
        ("nnapi", "The NNAPI delegate", nnapi(schema, checkout)),
    ):
        (RULES / f"{name}.toml").write_text("\n".join([head.format(title), *rows]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
