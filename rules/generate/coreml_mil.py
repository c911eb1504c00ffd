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
RELEASES = ("iOS 15", "iOS 16", "iOS 17", "iOS 18", "iOS 26")
DTYPES = {"fp16": "float16", "fp32": "float32"}
ONNX_TYPES = {"float16": "float16", "float32": "float", "str": "string"}
INTERNAL = {"_const_symbolic", "const"}
"""Ops of the builder, not of a program that runs."""


def registry() -> dict[str, dict[str, Any]]:
    """Op to release to {inputs, types}: tensors first, then parameters that must be constant.

    The registry's iOS 13 base is iOS 15 here: an ML program needs iOS 15.
    """
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
            release = max(f"iOS {target.name.removeprefix('iOS')}", RELEASES[0])
            ports = sorted(cls.input_spec.input_types.items(), key=lambda item: bool(item[1].const))
            releases[release] = {
                "inputs": {port: said(spec) for port, spec in ports},
                "types": {d: sorted(map(label, kinds)) for d, kinds in (cls.type_domains or {}).items()},
            }
        table[op] = releases
    return table


def data_port(release: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """The first input of a type domain, with the types it takes: what a row can hold against a graph.

    An op that takes float32 takes float16 too: the converter casts around it.
    """
    for port, text in release["inputs"].items():
        domain, _, flags = text.partition(" ")
        if domain in release["types"] and "c" not in flags:
            kinds = set(release["types"][domain])
            return port, tuple(sorted(kinds | {"float16"} if "float32" in kinds else kinds))
    return None


def groups(table: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ops that came in the same release and take the same types at the same port."""
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for op, releases in table.items():
        known: set[str] = set()
        for release, spec in releases.items():
            port, kinds = data_port(spec) or ("", ())
            new = tuple(k for k in kinds if k not in known)
            if new or not known and release == next(iter(releases)):
                found.setdefault((release, port, new), []).append(op)
            known.update(kinds)
    return [{"since": r, "port": p, "types": t, "ops": ops} for (r, p, t), ops in sorted(found.items())]


def example(table: Mapping[str, Any], group: Mapping[str, Any], kind: str) -> str:
    """A model of one op of the group, its inputs given in the registry's order up to the data port."""
    op = group["ops"][0]
    spec = [s for r, s in table[op].items() if r <= group["since"]][-1]
    ports = list(spec["inputs"])
    ports = ports[: ports.index(group["port"]) + 1] if group["port"] else ports[:1]
    kinds = {p: next((k for k in ("int32", "bool") if spec["inputs"][p].startswith(k)), kind) for p in ports}
    ins = ", ".join(f"{ONNX_TYPES.get(k, k)}[2,4] {p}" for p, k in kinds.items())
    out = ONNX_TYPES.get(kind, kind)
    return f"g ({ins}) => ({out}[2,4] y_) {{ y_ = mil.{op} ({', '.join(ports)}) }}"


def quoted(words: Iterable[str]) -> str:
    """A TOML array of strings."""
    return "[" + ", ".join(json.dumps(w) for w in words) + "]"


def rows(table: Mapping[str, Any], version: str) -> str:
    """The CPU rows as TOML."""
    out = [
        "# Every op of the MIL registry runs on the CPU.",
        f"# Written by rules/generate/coreml_mil.py from coremltools {version}, whose iOS 13 is a program's iOS 15.",
    ]
    numbers: dict[str, int] = {}
    for group in groups(table):
        slug = group["since"].lower().replace(" ", "-")
        numbers[slug] = numbers.get(slug, 0) + 1
        kinds = ", ".join(group["types"])
        said = f"SSAOpRegistry: defined since {group['since']}"
        said += f", {group['port']} of {kinds}" if kinds else ""
        taken = group["types"]
        good = next((k for k in ("float32", "int8") if k in taken), (*taken, "float32")[0])
        bad = "bool" if "bool" not in taken else "int8" if "int32" in taken and "int8" not in taken else "str"
        out += [
            "",
            "[[row]]",
            f'id = "cpu-{slug}-{numbers[slug]}"',
            f"ops = {quoted(group['ops'])}",
            'unit = ["cpu"]',
            'verdict = "runs"',
            f'since = "{group["since"]}"',
        ]
        if kinds:
            out.append(f'when = {{ "{group["port"]}.dtype" = {quoted(group["types"])} }}')
        out += [f'source = {{ coremltools = "{said}" }}', f"hits = [{json.dumps(example(table, group, good))}]"]
        if kinds:
            out.append(f"misses = [{json.dumps(example(table, group, bad))}]")
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
