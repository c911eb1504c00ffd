from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.host import Cut, cut_for_host, host_ops
from edgeplan.surgery.improve import plan_of
from edgeplan.surgery.runs import run_files, run_float
from edgeplan.target import Target
from tests.surgery.harness import model

Toy = Callable[..., Target]
ROWS = (
    'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n',
    'id = "no"\nops = ["Sin", "TopK"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n',
)
END = """g (float[1,3,8,8] x, float[4,3,3,3] w) => (float[1,4] y, int64[1,4] at)
    <int64[1] k = {4}, int64[2] s = {1,-1}> {
    [conv] a = Conv (x, w) [relu] b = Relu (a) [flat] c = Reshape (b, s) [best] y, at = TopK (c, k)
}"""
MIDDLE = """g (float[1,3,8,8] x, float[4,3,3,3] w, float[4,4,1,1] v) => (y) {
    [conv] a = Conv (x, w) [sin] b = Sin (a) [more] y = Conv (b, v)
}"""


def ends(draft: Draft, toy: Toy) -> frozenset[str]:
    plan = plan_of(draft, toy(*ROWS))
    assert plan is not None
    return host_ops(draft, plan)


def test_what_comes_last_and_leaves_the_accelerator_is_the_hosts(toy: Toy) -> None:
    found = ends(Draft.open(model(END, weights=["w"])), toy)
    assert "best" in found
    assert "conv" not in found


def test_what_has_work_behind_it_is_not(toy: Toy) -> None:
    source = model(MIDDLE.replace("(y)", "(float[1,4,6,6] y)"), weights=["w", "v"])
    assert ends(Draft.open(source), toy) == frozenset()


def test_nothing_off_the_accelerator_is_nothing_for_the_host(toy: Toy) -> None:
    assert ends(Draft.open(parse_model("g (float[4] x) => (y) { y = Relu (x) }")), toy) == frozenset()


def test_both_parts_are_the_whole(toy: Toy, tmp_path: Path) -> None:
    source = model(END, weights=["w"])
    source.metadata_props.add(key="author", value="me")
    draft = Draft.open(source)
    cut = cut_for_host(draft, ends(draft, toy))
    assert isinstance(cut, Cut)
    paths = [tmp_path / "device.onnx", tmp_path / "host.onnx"]
    for part, path in zip((cut.device, cut.host), paths, strict=True):
        made = ir.to_proto(part.model)
        onnx.checker.check_model(made, full_check=True)
        assert made.metadata_props == source.metadata_props
        onnx.save(made, path)
    feeds = {"x": np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)}
    for whole, parts in zip(run_float(source, feeds, ["y", "at"]), run_files(paths, feeds, ["y", "at"]), strict=True):
        assert np.array_equal(whole, parts)
    assert [v.name for v in cut.host.model.graph.inputs] == list(cut.boundary)
    assert [n.op_type for n in draft.model.graph][-1] == "TopK"  # the draft itself is as it was


def test_an_output_of_the_device_stays_its_output(toy: Toy) -> None:
    text = END.replace("=> (", "=> (float[1,4,6,6] b, ")
    draft = Draft.open(model(text, weights=["w"]))
    cut = cut_for_host(draft, {"flat", "best"})
    assert isinstance(cut, Cut)
    assert [v.name for v in cut.device.model.graph.outputs] == ["b"]
    assert [v.name for v in cut.host.model.graph.outputs] == ["y", "at"]


def test_what_cannot_be_cut_says_why() -> None:
    draft = Draft.open(model(END, weights=["w"]))
    assert cut_for_host(draft, ()) == "there is nothing to cut off"
    every = [n.name or "" for n in draft.model.graph]
    assert cut_for_host(draft, every) == "nothing would be left for the device"
