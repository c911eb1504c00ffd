from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import analyze_graph
from edgeplan.report.json import (
    comparison_schema,
    compressing_schema,
    compression_schema,
    fleet_schema,
    plan_schema,
    prune_schema,
    render_json,
    rewrite_schema,
    split_schema,
    sweep_schema,
    verification_schema,
)
from edgeplan.target import Target, resolve

DOCS = Path(__file__).parent.parent / "docs"
SCHEMAS = {
    "plan": plan_schema, "sweep": sweep_schema, "compare": comparison_schema, "verification": verification_schema,
    "rewrite": rewrite_schema, "compress": compression_schema, "compressed": compressing_schema,
    "prune": prune_schema, "split": split_schema, "fleet": fleet_schema,
}  # fmt: skip
CONV = """g (float[N,3,8,8] x) => (y) <int64[4] s = {8, 3, 3, 3}> {
    w = ConstantOfShape (s)
    a = Conv <dilations = [2, 2]> (x, w)
    i = NonZero (a)
    y = Foo (i)
}"""


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_the_generated_one(name: str) -> None:
    generated = json.loads(msgspec.json.encode(SCHEMAS[name]()))
    assert json.loads((DOCS / f"{name}.schema.json").read_text("utf-8")) == generated, (
        f"run `python -m edgeplan.report.json {name} > docs/{name}.schema.json`"
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name]())


@pytest.mark.parametrize("device", ["iphone14pro", "jetson-orin-nano", "pixel9"])
@pytest.mark.parametrize("size", ["1", "N"])
def test_a_plan_follows_the_schema(device: str, size: str) -> None:
    plan = analyze_graph(parse_text(CONV.replace("N", size, 1)), resolve(device), free=("N",) if size == "N" else ())
    jsonschema.validate(json.loads(render_json(plan)), plan_schema(), jsonschema.Draft202012Validator)


def test_hostile_names_are_plain_json(toy: Callable[..., Target]) -> None:
    graph = parse_text("g (float[4] x) => (y) { y = Relu (x) }")
    written = render_json(analyze_graph(graph, toy(), name='\x1b[2J"\u202e\n.onnx'))
    assert json.loads(written)["model"]["name"] == '\x1b[2J"\u202e\n.onnx'
    assert "\x1b" not in written
