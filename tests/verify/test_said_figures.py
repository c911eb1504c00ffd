from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve
from edgeplan.verify.answer import Answer, Fact
from edgeplan.verify.figures import figures

Answers = Callable[..., Answer]

CONV = """<ir_version: 8, opset_import: ["" : 17]>
g (float[1,8,64,64] x) => (y) {
    size = Constant <value_ints = [8,8,3,3]> ()
    w = ConstantOfShape <value = float[1] {0.5}> (size)
    c = Conv <pads = [1,1,1,1]> (x, w)
    r = Relu (c)
    d = Conv <pads = [1,1,1,1]> (r, w)
    y = Relu (d)
}"""


def beside(answer: Answer, device: str, backend: str, unit: str) -> tuple[dict[str, int | None], MemoryPlan]:
    """The predictions by the name of the figure, and the plan they are from."""
    target = resolve(device, backend)
    graph = lower_for(parse_text(CONV), target)
    placed = place(graph, target)
    told = {f.name: f.predicted for f in figures(answer, graph, placed, target, unit, {})}
    return told, plan_memory(Deployment(graph, target, placed.units, placed.segments))


def test_tensorrt_s_region_holds_its_workspaces(answers: Answers) -> None:
    facts = tuple(Fact(name, 1, "bytes") for name in ("activations", "weights", "engine", "scratch"))
    told, plan = beside(answers(facts=facts), "jetson-orin-nano-8gb", "tensorrt", "gpu")
    terms = {t.name: t.size.likely for t in plan.terms}
    assert terms["workspace"] > 0
    assert told["activations"] == terms["activations"] + terms["workspace"]
    assert told["weights"] == terms["weights"]
    assert told["engine"] == terms["weights"] + terms["engine code"]
    assert told["scratch"] is None


def test_traffic_of_the_htp_stands_beside_the_compiler_s(answers: Answers) -> None:
    names = ("ddr-read", "ddr-write", "ddr-spill", "ddr-fill", "vtcm")
    told, plan = beside(answers(facts=tuple(Fact(name, 1, "bytes") for name in names)), "galaxys24", "qnn", "htp")
    assert plan.traffic is not None
    moved = plan.traffic
    likely = (moved.read.likely, moved.write.likely, moved.spill.likely, moved.fill.likely, moved.onchip)
    assert tuple(told[name] for name in names) == likely
    assert moved.read.likely > 0


@pytest.mark.parametrize("name", ["ddr-read", "vtcm", "engine"])
def test_what_a_runtime_has_no_such_figure_for_is_not_predicted(answers: Answers, name: str) -> None:
    told, _ = beside(answers(facts=(Fact(name, 1, "bytes"),)), "pixel8", "tflite", "xnnpack")
    assert told == {name: None}
