"""A Plan, a Sweep, a Comparison, a Verification or a Rewriting as JSON, and the schemas they follow."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from edgeplan.comparison import Comparison
from edgeplan.plan import Plan
from edgeplan.report.pretty import pretty_json
from edgeplan.sweep.search import Sweep

__all__ = [
    "comparison_schema",
    "main",
    "plan_schema",
    "render_json",
    "rewrite_schema",
    "sweep_schema",
    "verification_schema",
]


def render_json(value: object) -> str:
    """The value, indented, with its `schema_version`; control and format characters in names are escaped."""
    return pretty_json(value)


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a plan, generated from the types."""
    return _schema(Plan, "edgeplan plan")


def sweep_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a sweep, generated from the types."""
    return _schema(Sweep, "edgeplan sweep")


def comparison_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a comparison, generated from the types."""
    return _schema(Comparison, "edgeplan comparison")


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


def _schema(kind: type, title: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **msgspec.json.schema(kind),
    }  # fmt: skip


def main() -> None:
    """Write a schema to stdout: `python -m edgeplan.report.json plan > docs/plan.schema.json`; likewise the others."""
    schemas = {
        "plan": plan_schema, "sweep": sweep_schema, "compare": comparison_schema, "verification": verification_schema,
        "rewrite": rewrite_schema,
    }  # fmt: skip
    sys.stdout.write(pretty_json(schemas[sys.argv[1]]()))


if __name__ == "__main__":
    main()
