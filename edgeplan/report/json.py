"""The whole Plan as JSON, and the schema it follows."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import msgspec

from edgeplan.plan import Plan

__all__ = ["main", "plan_schema", "render_json"]


_HIDDEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters JSON allows as they are and that steer a terminal or hide text: names in a model may hold them."""


def render_json(plan: Plan) -> str:
    """The plan, indented, with its `schema_version`; control and format characters in names are escaped."""
    text = msgspec.json.format(msgspec.json.encode(plan), indent=2).decode()
    return _HIDDEN.sub(lambda m: json.dumps(m[0])[1:-1], text) + "\n"


def plan_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `render_json` writes, generated from the types."""
    schema = msgspec.json.schema(Plan)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "edgeplan plan", **schema}


def main() -> None:
    """Write the schema to stdout: `python -m edgeplan.report.json > docs/plan.schema.json`."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(plan_schema()), indent=2).decode() + "\n")


if __name__ == "__main__":
    main()
