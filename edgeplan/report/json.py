"""The whole Plan as JSON, and the schema it follows."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from edgeplan.plan import Plan
from edgeplan.report.pretty import pretty_json

__all__ = ["main", "plan_schema", "render_json"]


def render_json(plan: Plan) -> str:
    """The plan, indented, with its `schema_version`; control and format characters in names are escaped."""
    return pretty_json(plan)


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `render_json` writes, generated from the types."""
    schema = msgspec.json.schema(Plan)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "edgeplan plan", **schema}


def main() -> None:
    """Write the schema to stdout: `python -m edgeplan.report.json > docs/plan.schema.json`."""
    sys.stdout.write(pretty_json(plan_schema()))


if __name__ == "__main__":
    main()
