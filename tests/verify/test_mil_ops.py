from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from edgeplan.capability.rows import load_backend
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.target import resolve
from edgeplan.verify.answer import Answer, Kernel, Said, Status
from edgeplan.verify.mil_ops import compare_ops, emitted, lowered_ops, op_counts, options, predicted_weights, program
from edgeplan.verify.referees import load_referee

HEADER = '<ir_version: 10, opset_import: ["" : 18]>'
CONV = (
    "g (float[1,3,8,8] x) => (float[1,4,6,6] y) <int64[4] s = {4,3,3,3}> "
    "{ w = ConstantOfShape (s) c = Conv (x, w) y = Relu (c) }"
)
GATHER = "g (float[9,4] x, int64[2] i) => (float[2,4] y) { y = Gather (x, i) }"
UNKNOWN = "g (float[2,2] x) => (float y) { y = Det (x) }"


def lowered(text: str, precision: str = "float16") -> Graph:
    backend = load_backend("coreml")
    return lower_to(parse_text(f"{HEADER} {text}"), "mil", precision, backend.fusions("iOS 18"))


def answer(**paths: list[str]) -> Answer:
    kernels = tuple(Kernel(f"{path}/{i}", op) for path, ops in paths.items() for i, op in enumerate(ops))
    return Answer("coremltools", "", Status.COMPILED, Said(done=True, kernels=kernels))


def test_the_program_is_json_and_has_every_value_that_its_ops_name():
    sent = json.loads(json.dumps(program(lowered(CONV))))
    assert [op["type"] for op in sent["ops"]] == ["conv", "relu"]
    assert all(n in sent["values"] for op in sent["ops"] for n in (*op["inputs"], *op["outputs"]))
    weight = sent["values"][sent["ops"][0]["inputs"][1]]
    assert weight == {"dtype": "float16", "shape": [4, 3, 3, 3], "const": True, "data": None}
    assert sent["ops"][0]["attrs"]["strides"] == [1, 1]
    assert sent["ops"][0]["sources"]


def test_an_op_without_a_form_in_mil_is_sent_with_its_domain():
    assert [(op["domain"], op["type"]) for op in program(lowered(UNKNOWN))["ops"]] == [("onnx", "Det")]
    assert lowered_ops(lowered(UNKNOWN)) == {"onnx.Det": 1}


def test_ops_are_counted_by_type_and_path():
    said = answer(lowered=["cast", "conv", "relu"], onnx2coreml=["conv", "conv"])
    assert emitted(said, "onnx2coreml") == {"conv": 2}
    first, second = compare_ops(lowered(CONV), said)
    assert (first.path, first.agreed, first.total, first.differing) == ("lowered", 2, 3, {"cast": (0, 1)})
    assert (second.agreed, second.total, second.differing) == (1, 2, {"conv": (1, 2), "relu": (1, 0)})


def test_a_difference_that_is_known_has_its_reason_and_another_has_none():
    referee = load_referee("coremltools")
    found = {c.type: c for c in op_counts(lowered(CONV), answer(lowered=["cast", "conv", "clip"]), referee)}
    assert (found["conv"].predicted, found["conv"].said, found["conv"].why) == (1, 1, "")
    assert "float32" in found["cast"].why
    assert (found["relu"].said, found["relu"].why) == (0, "")
    assert (found["clip"].predicted, found["clip"].why) == (0, "")


@pytest.mark.parametrize(("text", "excused"), [(GATHER, True), (CONV, False)])
def test_a_guard_is_excused_where_there_is_a_gather_of_free_indices(text, excused):
    ops = [*lowered_ops(lowered(text)).elements(), "greater_equal", "add", "select"]
    found = {c.type: c.why for c in op_counts(lowered(text), answer(lowered=ops), load_referee("coremltools"))}
    assert bool(found["select"]) is bool(found["add"]) is excused
    twice = [*ops, "select"]
    more = {c.type: c.why for c in op_counts(lowered(text), answer(lowered=twice), load_referee("coremltools"))}
    assert more["select"] == ""


def test_transposes_may_be_fewer_but_not_more():
    graph = lowered("g (float[2,3] x) => (float[3,2] y) { t = Transpose (x) y = Relu (t) }")
    referee = load_referee("coremltools")
    fewer, more = (op_counts(graph, answer(lowered=["relu", *["transpose"] * n]), referee) for n in (0, 2))
    assert [bool(c.why) for c in fewer if c.type == "transpose"] == [True]
    assert [bool(c.why) for c in more if c.type == "transpose"] == [False]


def test_a_converter_stands_in_where_the_lowering_was_not_built():
    (conv, relu) = op_counts(lowered(CONV), answer(onnx2coreml=["conv"]), load_referee("coremltools"))
    assert (conv.why, relu.why) == ("", "onnx2coreml writes other ops for the same.")
    assert op_counts(lowered(CONV), answer(), load_referee("coremltools")) == ()


def test_a_package_that_lacks_a_part_is_not_counted():
    said = answer(lowered=["conv", "relu"])
    assert len(op_counts(lowered(CONV), said, load_referee("coremltools"))) == 2
    part = replace(said, said=replace(said.said, notes={"left": "1 of 3 ops of the lowering were not built: cond"}))
    assert op_counts(lowered(CONV), part, load_referee("coremltools")) == ()


def test_weights_are_blocks_of_64_bytes_each_with_a_header():
    # One header of the file, then header and data of [4, 3, 3, 3] in float16: 216 bytes in four blocks.
    assert predicted_weights(lowered(CONV)) == 64 + 64 + 256
    assert predicted_weights(lowered(CONV, "float32")) == 64 + 64 + 448
    assert predicted_weights(lowered(GATHER)) == 0


def test_the_options_name_the_deployment_and_carry_the_lowering_in_float32():
    target = resolve("iphone14pro", "coreml", "iOS 17")
    asked = options(parse_text(f"{HEADER} {CONV}"), target)
    assert (asked["deployment"], asked["precision"]) == ("iOS17", "float16")
    assert asked["lowered"]["values"]["y"]["dtype"] == "float32"


def test_a_release_before_ml_programs_is_asked_as_the_first_one_that_has_them():
    target = resolve("iphone11", "coreml", "iOS 14")
    assert options(parse_text(f"{HEADER} {CONV}"), target)["deployment"] == "iOS15"
