"""Writes rules/coreml/mil.json and mil.toml from the op registry of an installed coremltools.

Run it with coremltools 9.0 (`python rules/generate/coreml_mil.py`), offline; the output is the same on every run. A new
coremltools release is a new run and a diff.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "coreml"
RELEASES = ("iOS 13", "iOS 14", "iOS 15", "iOS 16", "iOS 17", "iOS 18", "iOS 26")
DTYPES = {"fp16": "float16", "fp32": "float32"}
ONNX_TYPES = {"float16": "float16", "float32": "float", "str": "string"}
INTERNAL = {"_const_symbolic", "const"}
"""Ops of the builder, not of a program that runs."""
FOREIGN = "g (int32[2,4] x) => (int32[2,4] y) { y = mil.sin (x) }"
PLAIN = "g (float[2,4] x) => (float[2,4] y) { y = mil.sin (x) }"


def registry() -> dict[str, dict[str, Any]]:
    """Op to release to {inputs, types}: tensors first, then parameters that must be constant."""
    logging.disable(logging.CRITICAL)
    from coremltools.converters.mil.mil import types
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    def label(kind: Any) -> str:
        name = str(types.builtin_to_string(kind))
        return DTYPES.get(name, name)

    def said(spec: Any) -> str:
        domain = getattr(spec, "type_domain_id", None)
        if domain is None:
            given = getattr(spec, "type_domain", None)
            domain = "|".join(sorted(map(label, given))) if given and not isinstance(given, str) else ""
        flags = ("?" if spec.optional else "") + ("c" if spec.const else "")
        return f"{domain} {flags}".rstrip()

    table: dict[str, dict[str, Any]] = {}
    for op, versions in sorted(SSAOpRegistry.core_ops.items()):
        if op in INTERNAL:
            continue
        seen: list[type] = []
        releases: dict[str, Any] = {}
        for target, cls in sorted(versions.items(), key=lambda item: item[0].value):
            if cls in seen:
                continue
            seen.append(cls)
            release = f"iOS {target.name.removeprefix('iOS')}"
            ports = sorted(cls.input_spec.input_types.items(), key=lambda item: bool(item[1].const))
            releases[release] = {
                "inputs": {port: said(spec) for port, spec in ports},
                "types": {d: sorted(map(label, kinds)) for d, kinds in (cls.type_domains or {}).items()},
            }
        table[op] = releases
    return table


def kinds(spec: Mapping[str, Any], port: str) -> tuple[str, ...]:
    """The element types that an input takes in one release; nothing where the registry names none."""
    domain = spec["inputs"][port].split(" ")[0]
    return tuple(spec["types"].get(domain, domain.split("|") if domain else ()))


def example(op: str, spec: Mapping[str, Any]) -> str:
    """A model of one op, its inputs in the registry's order up to the first that may be computed at run time."""
    ports = list(spec["inputs"])
    ports = ports[: 1 + max((i for i, p in enumerate(ports[:3]) if "c" not in flags(spec, p)), default=0)]
    types = [next((k for k in ("float32", "bool", "int32") if k in kinds(spec, p)), "float32") for p in ports]
    ins = ", ".join(f"{ONNX_TYPES.get(k, k)}[2,4] {p}" for p, k in zip(ports, types, strict=True))
    out = ONNX_TYPES.get(types[0], types[0])
    return f"g ({ins}) => ({out}[2,4] y_) {{ y_ = mil.{op} ({', '.join(ports)}) }}"


def flags(spec: Mapping[str, Any], port: str) -> str:
    """`?` for an optional input, `c` for one that must be constant."""
    return spec["inputs"][port].partition(" ")[2]


def quoted(words: Iterable[str]) -> str:
    """A TOML array of strings."""
    return "[" + ", ".join(json.dumps(w) for w in words) + "]"


def slug(release: str) -> str:
    """A release as part of a row's id."""
    return release.lower().replace(" ", "-")


def row(words: Mapping[str, Any]) -> list[str]:
    """The first lines of a row."""
    return ["", "[[row]]", *(f"{k} = {json.dumps(v)}" for k, v in words.items())]


def rows(table: Mapping[str, Any], version: str) -> str:
    """The rows as TOML: what came with each release, and what each release's registry has not."""
    out = [
        "# What the MIL registry has runs on the CPU from the release that brought it; what it lacks runs nowhere.",
        f"# Written by rules/generate/coreml_mil.py from coremltools {version}. What an op takes by release is in",
        "# mil.json, which the predicates outside_mil_* read.",
    ]
    for release in RELEASES:
        ops = [op for op, releases in table.items() if next(iter(releases)) == release]
        if ops:
            words = {"id": f"cpu-{slug(release)}", "ops": ops, "unit": ["cpu"], "verdict": "runs"}
            out += row(words | ({"since": release} if release != RELEASES[0] else {}))
            out.append(f'source = {{ coremltools = "SSAOpRegistry: defined since {release}" }}')
            out.append(f"hits = [{json.dumps(example(ops[0], table[ops[0]][release]))}]")
    changed = [r for r in RELEASES if any(r in releases for releases in table.values())]
    for release, after in zip(changed, [*changed[1:], ""], strict=True):
        last = RELEASES[RELEASES.index(after) - 1] if after else ""
        words = {"id": f"outside-mil-{slug(release)}", "ops": ["*"], "unit": ["ane", "gpu", "cpu"]}
        words |= {"verdict": "refuses", "since": release} | ({"until": last} if last else {})
        words |= {"check": f"outside_mil_{slug(release).replace('-', '_')}"}
        end = "later" if not last else last.removeprefix("iOS ")
        span = release if last == release else f"{release} and {end}"
        words |= {"why": f"No Core ML model for {span} can hold this op with these types and constants."}
        out += row(words)
        out.append(f'source = {{ coremltools = "SSAOpRegistry and InputSpec.validate_inputs for {span}" }}')
        out += [f"hits = {quoted([FOREIGN])}", f"misses = {quoted([PLAIN])}"]
    return "\n".join(out) + "\n"


def compact(table: Mapping[str, Any], version: str) -> str:
    """The registry as JSON, one op a line. An input reads `domain flags`: `?` optional, `c` must be constant."""
    lines = [f"  {json.dumps(op)}: {json.dumps(spec, separators=(',', ':'))}" for op, spec in table.items()]
    return f'{{"coremltools": "{version}", "ops": {{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Write both files."""
    import coremltools

    table = registry()
    (FOLDER / "mil.json").write_text(compact(table, coremltools.__version__), "utf-8")
    (FOLDER / "mil.toml").write_text(rows(table, coremltools.__version__), "utf-8")


if __name__ == "__main__":
    main()
