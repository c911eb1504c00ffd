from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path
from random import Random

import onnx
import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan import Target
from edgeplan.finding import Evidence
from edgeplan.frontends.onnx import parse_model
from edgeplan.pruning.goal import Goal
from edgeplan.pruning.structure import Frozen
from edgeplan.pruning.widths import Step
from edgeplan.report.prune import render_pruning
from edgeplan.surgery.pruning.pruning import Pruned, prune_model

Toy = Callable[..., Target]
ROWS = ('id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n',)
STEP = Step(4, "Four at a time.", (Evidence("paper", "vendor-doc", "'four'", "https://example.org"),))


def weight(name: str, *shape: int) -> str:
    """A trained weight, as ONNX text."""
    rng = Random(name)
    numbers = ",".join(f"{rng.gauss(0, 1):.3f}" for _ in range(prod(shape)))
    return f"float[{','.join(map(str, shape))}] {name} = {{{numbers}}}"


TRAINED = (
    "g (float[1,3,16,16] x) => (float[1,2,16,16] y) <"
    + ", ".join([weight("a", 8, 3, 3, 3), weight("b", 16, 8, 1, 1), weight("c", 2, 16, 1, 1)])
    + """> { [stem] s = Conv <pads = [1,1,1,1]> (x, a) [act] r = Relu (s) [deep] d = Conv (r, b) [top] t = Relu (d)
    [head] y = Conv (t, c) }"""
)
BLANK = """g (float[1,3,16,16] x) => (float[1,2,16,16] y)
    <int64[4] a = {8,3,3,3}, int64[4] b = {16,8,1,1}, int64[4] c = {2,16,1,1}, int64[4] e = {8,1,1,1},
    float[8,3,3,3] wa, float[16,8,1,1] wb, float[2,16,1,1] wc, float[8,1,1,1] we> {
    wa = ConstantOfShape (a) wb = ConstantOfShape (b) wc = ConstantOfShape (c) we = ConstantOfShape (e)
    [stem] s = Conv <pads = [1,1,1,1]> (x, wa) [each] r = Conv <group = 8> (s, we) [deep] d = Conv (r, wb)
    [top] t = Relu (d) [head] y = Conv (t, wc)
}"""


def pruned(folder: Path, text: str, target: Target | None, goal: Goal, *, step: int = 4, write: bool = False) -> Pruned:
    """What becomes of a model given as text."""
    onnx.save(parse_model(text), folder / "mo[b]del.onnx")
    return prune_model(folder / "mo[b]del.onnx", target, goal, step=step, output=folder / "new.onnx" if write else None)


@pytest.fixture
def found(tmp_path: Path, toy: Toy, toy_speeds: Callable[..., None]) -> Pruned:
    toy_speeds({})
    one = pruned(tmp_path, TRAINED, toy(*ROWS), Goal("macs", 0.5), write=True)
    assert one.written
    return replace(one, written=("new.onnx",), plan=replace(one.plan, step=STEP), change=0.3141)


def test_the_report_reads_as_kept(found: Pruned, snapshot: SnapshotAssertion) -> None:
    assert render_pruning(found, width=100) == snapshot


def test_the_whole_report_reads_as_kept(found: Pruned, snapshot: SnapshotAssertion) -> None:
    assert render_pruning(found, everything=True, width=100) == snapshot


def test_without_a_target_work_and_weights_are_shown(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert render_pruning(pruned(tmp_path, TRAINED, None, Goal("ratio", 0.25)), width=100) == snapshot


@pytest.mark.parametrize("everything", [False, True])
def test_before_training_it_is_a_plan_of_widths(
    tmp_path: Path, toy: Toy, snapshot: SnapshotAssertion, everything: bool
) -> None:
    found = pruned(tmp_path, BLANK, toy(*ROWS), Goal("ratio", 0.5))
    text = render_pruning(found, everything=everything, width=100)
    assert text.startswith("WIDTH PLAN")
    assert text == snapshot


def test_a_goal_out_of_reach_says_what_is_in_the_way(tmp_path: Path, toy: Toy, snapshot: SnapshotAssertion) -> None:
    text = render_pruning(pruned(tmp_path, TRAINED, toy(*ROWS), Goal("memory", 100), write=True), width=100)
    assert text.startswith("CANNOT BE MET")
    assert "nothing written" in text
    assert text == snapshot


def test_a_ratio_of_no_groups_cannot_be_met(tmp_path: Path) -> None:
    text = "g (float[1,4] x, float[4,2] w) => (float[1,2] y) { y = MatMul (x, w) }"
    assert render_pruning(pruned(tmp_path, text, None, Goal("ratio", 0.5))).startswith("CANNOT BE MET")


def test_a_goal_that_is_met_already_takes_nothing(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    text = render_pruning(pruned(tmp_path, TRAINED, None, Goal("macs", 1e9)), width=100)
    assert text.startswith("MET AS IT IS")
    assert text == snapshot


ENDS = {
    "dry run": {"written": (), "runs": 0, "change": None},
    "unmoved": {"change": 1e-7},
    "not comparable": {"change": float("inf")},
    "not run": {"runs": 0, "change": None, "why": "neither model was run, as asked for"},
    "before training": {"blank": True, "change": None},
    "does not run": {"written": (), "runs": 0, "change": None, "why": "onnxruntime runs the model, and not \x1b[31m"},
    "scores of another kind": {"notes": ("1 of 2 groups has no scores by bn: it is scored by l2",)},
}


@pytest.mark.parametrize("case", ENDS)
def test_how_it_ended_is_said(found: Pruned, snapshot: SnapshotAssertion, case: str) -> None:
    lines = render_pruning(replace(found, **ENDS[case]), width=100).splitlines()
    at = next((i for i, line in enumerate(lines) if "groups of channels" in line), len(lines) - 4)
    assert "\n".join([lines[0], *lines[at:]]) == snapshot


def test_what_stays_is_summed_up_by_reason(found: Pruned, snapshot: SnapshotAssertion) -> None:
    frozen = tuple(Frozen(f"conv\x1b{i}", 8, f"reason {'x' if i < 5 else i}") for i in range(14))
    lines = render_pruning(replace(found, plan=replace(found.plan, frozen=frozen)), width=100).splitlines()
    assert "\n".join(line for line in lines if "stay" in line or "conv" in line or "reason" in line) == snapshot


@pytest.mark.parametrize("width", [60, 100, 200])
@pytest.mark.parametrize("everything", [False, True])
def test_no_line_is_wider_than_asked(found: Pruned, width: int, everything: bool) -> None:
    assert max(map(len, render_pruning(found, everything=everything, width=width).splitlines())) <= width


@pytest.mark.parametrize("text", [TRAINED, BLANK])
@pytest.mark.parametrize("everything", [False, True])
def test_names_that_steer_a_terminal_are_escaped(tmp_path: Path, text: str, everything: bool) -> None:
    model = parse_model(text)
    for node in model.graph.node:
        node.name = f"\x1b[2J{node.name}\u202e"
    onnx.save(model, tmp_path / "m.onnx")
    shown = render_pruning(prune_model(tmp_path / "m.onnx", None, Goal("ratio", 0.5)), everything=everything)
    assert "\\x1b[2J" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_a_long_plan_of_widths_is_cut_short(tmp_path: Path) -> None:
    ops, shapes = ["[conv0] v0 = Conv (x, w0)"], ["int64[4] s0 = {8,3,1,1}, float[8,3,1,1] w0"]
    for i in range(1, 31):
        ops.append(f"[conv{i}] v{i} = Conv (v{i - 1}, w{i})")
        shapes.append(f"int64[4] s{i} = {{8,8,1,1}}, float[8,8,1,1] w{i}")
    made = " ".join(f"w{i} = ConstantOfShape (s{i})" for i in range(31))
    text = f"g (float[1,3,4,4] x) => (float[1,8,4,4] v30) <{', '.join(shapes)}> {{ {made} {' '.join(ops)} }}"
    found = pruned(tmp_path, text, None, Goal("ratio", 0.5))
    assert "conv23\n  6 more with --all" in render_pruning(found, width=100)
    assert "conv29\n" in render_pruning(found, everything=True, width=100)
