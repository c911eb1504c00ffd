from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.pool import Pool
from edgeplan.memory.relief import Relief
from edgeplan.plan import Plan, analyze_graph
from edgeplan.report.svg import arena_map, memory_plot, memory_timeline
from edgeplan.target import Target

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_NEG = 'id = "no"\nops = ["Neg"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "None."\n'
MODEL = """g (float[1,3,64,64] x) => (float[1,8,62,62] z) <int64[4] s = {8, 3, 3, 3}> {
    w = ConstantOfShape (s)
    a = Conv (x, w)
    b = Neg (a)
    c = Relu (b)
    z = Add (a, c)
}"""
DRAWINGS = [memory_plot, memory_timeline, arena_map]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plan(toy: Toy) -> Plan:
    return analyze_graph(parse_text(MODEL), toy(NO_NEG, ALL_RUN, limit=800_000), name="model.onnx")


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in drawn(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_drawing_looks_as_kept(draw: Callable[[Plan], str], plan: Plan, snapshot: SnapshotAssertion) -> None:
    assert draw(plan) == snapshot


def test_the_peak_is_told_in_words_too(plan: Plan) -> None:
    root = drawn(memory_plot(plan))
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "Memory of model.onnx on Toy Phone, Toy (2)"
    told = root.findtext(f"{SVG}desc") or ""
    assert told.startswith("360 KiB of activations alive at op 3 of 4, Relu")
    said = texts(memory_plot(plan))
    assert "360 KiB" in said
    assert "op 3 of 4, and 1 more" in said


def test_the_budget_is_drawn_only_where_it_is_near(plan: Plan) -> None:
    def leaves(limit: int) -> list[str]:
        near = replace(plan, budget=replace(plan.budget, limit=limit))
        return [t for t in texts(memory_plot(near)) if t.startswith("the budget leaves")]

    rest = plan.memory.run.likely - plan.memory.activations
    assert leaves(rest + 600 * 1024) == ["the budget leaves 600 KiB"]
    assert leaves(2**40) == leaves(rest // 2) == []


def test_what_would_lower_the_peak_is_told_when_the_plan_says_it(plan: Plan) -> None:
    ways = (
        Relief("patches", 1000, 250, "estimated", "the first 2 ops run in 2 x 2 patches", "9 % more MACs"),
        Relief("smaller-input", 1000, 500, "estimated", "exported for images of 1x3x32x32, 0.5 of the side"),
        *(Relief("order", 1000, 900 + i, "computed", "3 ops run in another order") for i in range(4)),
    )
    said = texts(memory_plot(replace(plan, relief=ways)))
    told = said[said.index("What would lower it") + 1 :]
    assert told[:6] == [
        "first stage in patches",
        "250 B",
        "estimated; price: 9 % more MACs",
        "images of 1x3x32x32",
        "500 B",
        "estimated",
    ]
    assert told.count("ops in another order") == 2  # four ways in all
    assert "What would lower it" not in texts(memory_plot(replace(plan, relief=())))


def test_units_are_named_in_the_order_of_the_runtime(plan: Plan) -> None:
    said = texts(memory_plot(plan))
    assert {"run by", "NPU", "CPU"} <= set(said)
    tips = [t.text for t in drawn(memory_plot(plan)).iter(f"{SVG}title")]
    assert [t for t in tips if t and t.startswith(("NPU", "CPU"))] == [
        "NPU: op 1 to 1",
        "CPU: op 2 to 2",
        "NPU: op 3 to 4",
    ]


def test_several_regions_stand_one_above_the_other(plan: Plan) -> None:
    (pool,) = plan.memory.pools
    both = (Pool("low", pool.arena), Pool("high", pool.arena))
    svg = memory_plot(replace(plan, memory=replace(plan.memory, pools=both)))
    heights = [float(r.attrib["y"]) for r in drawn(svg).iter(f"{SVG}rect") if "block" in r.attrib["class"]]
    assert len(heights) == 2 * len(pool.arena.buffers)
    assert len(set(heights)) > len({b.size + o for b, o in zip(pool.arena.buffers, pool.arena.offsets, strict=True)})
    assert "low 360 KiB, high 360 KiB" in texts(svg)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_names_from_a_model_do_no_harm(draw: Callable[[Plan], str], toy: Toy) -> None:
    evil = "</text></svg><script>alert(1)</script>&amp;\"'\x00\x1b[31m\u202e\ufffe\ud800"
    values = {n: Value(n, DType.FLOAT32, (1, 8, 64, 64)) for n in ("x", evil, f"{evil}2")}
    ops = (Op(evil, "Relu", ("x",), ("X",), (evil,)), Op("b", "Neg", (evil,), ("X",), (f"{evil}2",)))
    graph = Graph("g", "onnx", ops, values, ("x",), (f"{evil}2",))
    svg = draw(analyze_graph(graph, toy(ALL_RUN), name=evil))
    assert {e.tag.removeprefix(SVG) for e in drawn(svg).iter()} <= {
        "svg", "title", "desc", "style", "rect", "text", "path", "circle", "g",
    }  # fmt: skip
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ufffe\ud800-\udfff]", svg)
    assert len(texts(svg)) == len(texts(draw(analyze_graph(plainly(graph, evil), toy(ALL_RUN), name="m"))))


def plainly(graph: Graph, evil: str) -> Graph:
    def name(text: str) -> str:
        return text.replace(evil, "n" * len(evil))

    ops = tuple(replace(o, name=name(o.name), inputs=tuple(map(name, o.inputs)), outputs=tuple(map(name, o.outputs)))
                for o in graph.ops)  # fmt: skip
    values = {name(k): replace(v, name=name(k)) for k, v in graph.values.items()}
    return replace(graph, ops=ops, values=values, outputs=tuple(map(name, graph.outputs)))


def long_chain(length: int) -> Graph:
    names = ["x", *(f"v{i}" for i in range(length))]
    values = {n: Value(n, DType.FLOAT32, (64 + 997 * i % 1009,)) for i, n in enumerate(names)}
    values["v4321"] = Value("v4321", DType.FLOAT32, (5000,))
    ops = tuple(Op(f"op{i}", "Relu", (names[i],), ("X",), (names[i + 1],)) for i in range(length))
    return Graph("g", "onnx", ops, values, ("x",), (names[-1],))


def test_a_long_model_is_thinned_out_and_keeps_its_peak(toy: Toy) -> None:
    plan = analyze_graph(long_chain(9000), toy(ALL_RUN), name="long.onnx")
    svg = memory_plot(plan)
    root = drawn(svg)
    assert len(list(root.iter())) < 4000
    assert len(svg) < 500_000
    edge = next(p.attrib["d"] for p in root.iter(f"{SVG}path") if "edge" in p.attrib["class"])
    assert edge.count("V") <= 1000
    top = min(float(y) for y in re.findall(r"V([\d.]+)", edge))
    dot = next(root.iter(f"{SVG}circle"))
    assert float(dot.attrib["cy"]) == top
    assert plan.memory.timeline.step == 4321
    assert any("v4321" in t for t in texts(svg))


@pytest.mark.parametrize("draw", DRAWINGS)
def test_nothing_is_drawn_outside_the_page(draw: Callable[[Plan], str], plan: Plan) -> None:
    root = drawn(draw(plan))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for r in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(r.attrib[k]) for k in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= width + 0.01
        assert y + h <= height + 0.01


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_model_whose_sizes_are_open_is_drawn_empty(draw: Callable[[Plan], str], toy: Toy) -> None:
    plan = analyze_graph(parse_text("g (float[N] x) => (float[N] y) { y = Relu (x) }"), toy(ALL_RUN), name="open")
    svg = draw(plan)
    if draw is not arena_map:
        assert "no activation of known size" in texts(svg)
    assert not any(e.tag == f"{SVG}circle" for e in drawn(svg).iter())


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_graph_without_ops_is_drawn(draw: Callable[[Plan], str], toy: Toy) -> None:
    plan = analyze_graph(Graph("g", "onnx", (), {}, (), ()), toy(ALL_RUN), name="empty")
    assert drawn(draw(plan)).tag == f"{SVG}svg"
