"""A Plan, a Sweep, a Comparison, a Compression, a Verification, a Rewriting, a pruning, a split: JSON and schemas."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from edgeplan.comparison import Comparison
from edgeplan.plan import Plan
from edgeplan.report.pretty import pretty_json
from edgeplan.sweep.search import Sweep

if TYPE_CHECKING:
    from edgeplan.splitting.split import SplitPlan
    from edgeplan.surgery.pruning.pruning import Pruned
    from edgeplan.surgery.splitting.splitting import SplitFiles

__all__ = [
    "comparison_schema",
    "compressing_schema",
    "compression_schema",
    "fleet_schema",
    "main",
    "plan_schema",
    "prune_schema",
    "render_json",
    "render_pruning_json",
    "render_split_json",
    "rewrite_schema",
    "split_schema",
    "sweep_schema",
    "verification_schema",
]


def render_json(value: object) -> str:
    """The value, indented, with its `schema_version`; control and format characters in names are escaped."""
    return pretty_json(value)


def render_pruning_json(found: Pruned) -> str:
    """What pruning took out of a model, likewise; the widths of its layers stand for the choice of channels."""
    from edgeplan.pruning.layers import layer_widths

    plan = {f.name: getattr(found.plan, f.name) for f in fields(found.plan) if f.name != "kept"}
    whole = {f.name: getattr(found, f.name) for f in fields(found)}
    return pretty_json({**whole, "plan": {**plan, "layers": layer_widths(found.plan.kept)}})


def render_split_json(found: SplitPlan, files: SplitFiles | None = None) -> str:
    """Where a model is cut, likewise, and the `files` that were made of it, null where none were."""
    return pretty_json({**{f.name: getattr(found, f.name) for f in fields(found)}, "files": files})


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a plan, generated from the types."""
    return _schema(Plan, "edgeplan plan")


def sweep_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a sweep, generated from the types."""
    return _schema(Sweep, "edgeplan sweep")


def comparison_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a comparison, generated from the types."""
    return _schema(Comparison, "edgeplan comparison")


def compression_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the schemes of compression beside each other, generated from the types."""
    from edgeplan.compression.table import Compression

    return _schema(Compression, "edgeplan compression")


def compressing_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what became of a compressed model, generated from the types. Needs `rewrite`, too."""
    from edgeplan.surgery.compressing.apply import Compressing

    return _schema(Compressing, "edgeplan compressing")


def verification_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a verification, generated from the types."""
    from edgeplan.verify.verification import Verification

    return _schema(Verification, "edgeplan verification")


def rewrite_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what a rewrite did, generated from the types. Needs the extra `rewrite`."""
    from edgeplan.summary import TargetSummary
    from edgeplan.surgery import rewriting

    vars(rewriting).update(Plan=Plan, TargetSummary=TargetSummary)  # which it does not import, to start quickly
    return _schema(rewriting.Rewriting, "edgeplan rewriting")


def prune_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what pruning took out, generated from the types. Needs the extra `rewrite`."""
    from edgeplan.pruning import plan
    from edgeplan.pruning.layers import LayerWidths
    from edgeplan.summary import TargetSummary
    from edgeplan.surgery.pruning import pruning

    known = {"Plan": Plan, "TargetSummary": TargetSummary}  # which they do not import, to start quickly
    inner = get_type_hints(plan.PrunePlan, localns=known)
    outer = get_type_hints(pruning.Pruned, localns=known)
    del inner["kept"]
    made = msgspec.defstruct("PrunePlan", [*inner.items(), ("layers", tuple[LayerWidths, ...])])
    return _schema(msgspec.defstruct("Pruned", [*{**outer, "plan": made}.items()]), "edgeplan pruning")


def split_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a split, generated from the types. Needs the extra `rewrite`."""
    from edgeplan.splitting.split import SplitPlan
    from edgeplan.surgery.splitting.splitting import SplitFiles

    whole = [*get_type_hints(SplitPlan).items(), ("files", SplitFiles | None)]
    return _with_infinite(_schema(msgspec.defstruct("Split", whole), "edgeplan split"))


def fleet_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a model on several devices over several networks, generated from the types."""
    from edgeplan.splitting.fleet import Fleet

    return _with_infinite(_schema(Fleet, "edgeplan fleet"))


_INFINITE = (("Span", "high"), ("Stop", "seconds"), ("EncodingOffer", "snr"), ("Encoded", "snr"), ("Encoded", "worst"))
"""Figures of splits that may be infinite, which JSON has no number for: null."""


def _with_infinite(schema: dict[str, Any]) -> dict[str, Any]:
    for kind, name in _INFINITE:
        if kind in schema["$defs"]:
            schema["$defs"][kind]["properties"][name] = {"type": ["number", "null"]}
    return schema


def _schema(kind: type, title: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **msgspec.json.schema(kind),
    }  # fmt: skip


def main() -> None:
    """Write a schema to stdout: `python -m edgeplan.report.json plan > docs/plan.schema.json`; likewise the others."""
    schemas = {
        "plan": plan_schema, "sweep": sweep_schema, "compare": comparison_schema, "verification": verification_schema,
        "rewrite": rewrite_schema, "compress": compression_schema, "prune": prune_schema,
        "compressed": compressing_schema, "split": split_schema, "fleet": fleet_schema,
    }  # fmt: skip
    sys.stdout.write(pretty_json(schemas[sys.argv[1]]()))


if __name__ == "__main__":
    main()
