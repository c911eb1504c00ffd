"""A Plan or a Verification as JSON, and the schemas they follow."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from edgeplan.plan import Plan
from edgeplan.report.pretty import pretty_json

__all__ = ["main", "plan_schema", "render_json", "verification_schema"]


def render_json(value: object) -> str:
    """The value, indented, with its `schema_version`; control and format characters in names are escaped."""
    return pretty_json(value)


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a plan, generated from the types."""
    return _schema(Plan, "edgeplan plan")


def verification_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a verification, generated from the types."""
    from edgeplan.verify.verification import Verification

    return _schema(Verification, "edgeplan verification")


def _schema(kind: type, title: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **msgspec.json.schema(kind),
    }  # fmt: skip


def main() -> None:
    """Write a schema to stdout: `python -m edgeplan.report.json plan > docs/plan.schema.json`, or `verification`."""
    schema = verification_schema() if sys.argv[1:] == ["verification"] else plan_schema()
    sys.stdout.write(pretty_json(schema))


if __name__ == "__main__":
    main()
