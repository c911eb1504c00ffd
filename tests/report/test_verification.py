from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import analyze_graph
from edgeplan.report.markdown import cell, verification_page
from edgeplan.report.verification import render_verification
from edgeplan.target import Target
from edgeplan.verify.agreement import OpCount
from edgeplan.verify.answer import Answer, Fact, Kernel, NodeSaid, Said, Status
from edgeplan.verify.compare import compare
from edgeplan.verify.referees import Known, Referee
from edgeplan.verify.stand_in import StandIn
from edgeplan.verify.verification import NotAsked, Verification

Toy = Callable[..., Target]
ROWS = (
    'id = "all"\nops = ["*"]\nunit = ["cpu"]\nverdict = "runs"\n',
    'id = "npu"\nops = ["Relu", "Abs", "Sin"]\nunit = ["npu"]\nverdict = "runs"\n',
    'id = "no-neg"\nops = ["Neg"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "It cannot."\n',
)
MODEL = """g (float[1,8] x) => (float[1,8] f) {
    [A] a = Relu (x) [B] b = Neg (a) [C] c = Abs (b) [D] d = Cos (c) [E] e = Sin (d) [F] f = Relu (e)
}"""
REFEREE = Referee(
    "The toy compiler", "toy", "npu", "3", "toy", "onnx", "verify-toy", ("toyc==1",), "Toy licence", "It compiles.",
    "No speed.", exception=(Known("sin", "The edition has no sine.", {"paper": "says so"}, ("Sin",)),),
    name="toy-compiler",
)  # fmt: skip


def answer(status: Status, words: str = "", *nodes: NodeSaid) -> Answer:
    facts = (Fact("activations", 96, "bytes"), Fact("engine", 5_000_000, "bytes"))
    said = Said({"toyc": "1.0"}, status is Status.COMPILED, words, "", nodes, {"npu": 2} if nodes else {}, facts)
    return Answer("toy-compiler", "T1", status, said, words, 1.5, 2**20, "Linux")


NODES = (
    NodeSaid("A", "Relu", "cpu", "A\x1b[31m: too wide for the [b]unit[/b]"),
    NodeSaid("B", "Neg", "npu"),
    NodeSaid("C", "Abs", "npu"),
    NodeSaid("D", "Cos", "cpu"),
    NodeSaid("E", "Sin", "cpu"),
    NodeSaid("F", "Relu", "npu"),
)


@pytest.fixture
def found(toy: Toy) -> Callable[..., Verification]:
    """A verification of the model with one answer."""

    def make(said: Answer, *counts: OpCount) -> Verification:
        target = toy(*ROWS, release="3")
        graph = parse_text(MODEL)
        plan = analyze_graph(graph, target, name="mo\x1bdel.onnx", file_bytes=10)
        referee = msgspec.structs.replace(REFEREE, compares="operators" if counts else "placement")
        agreement = compare(graph, StandIn(target, "T1", ("T1 stands for T0",)), said, referee, counts)
        units = {u.name: u.title for u in target.units}
        missing = (NotAsked("other", "toyd is not installed: pip install 'edgeplan[toy]'"),)
        return Verification(plan.model, plan.target, units, (agreement,), missing, (NotAsked("DLA", "Nobody knows."),))

    return make


CASES = {
    "differs": (answer(Status.COMPILED, "", *NODES),),
    "crashed": (answer(Status.CRASHED, "the compiler's process ended by SIGSEGV"),),
    "refused": (answer(Status.REFUSED, "no kernel for Neg", *NODES[:2]),),
    "counts": (
        answer(Status.COMPILED), OpCount("conv", 3, 3), OpCount("linear", 0, 1, "so it writes"), OpCount("mul", 1, 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_report_reads_as_kept(found: Callable[..., Verification], snapshot: SnapshotAssertion, name: str) -> None:
    assert render_verification(found(*CASES[name]), width=100) == snapshot


@pytest.mark.parametrize("name", CASES)
def test_the_page_reads_as_kept(found: Callable[..., Verification], snapshot: SnapshotAssertion, name: str) -> None:
    assert verification_page(found(*CASES[name])) == snapshot


def test_names_and_words_steer_no_terminal(found: Callable[..., Verification]) -> None:
    for text in (
        render_verification(found(*CASES["differs"]), everything=True, color=False, width=100),
        verification_page(found(*CASES["differs"])),
    ):
        assert "\x1b" not in text
        assert "\\x1b" in text


def test_fused_kernels_are_counted_and_listed_in_full(found: Callable[..., Verification]) -> None:
    said = msgspec.structs.replace(
        CASES["differs"][0].said, kernels=(Kernel("k0", "conv_relu", ("A", "B")), Kernel("k1", "copy", ("C",)))
    )
    verification = found(msgspec.structs.replace(CASES["differs"][0], said=said))
    assert "fused kernels" in render_verification(verification, width=100)
    assert "conv_relu" not in render_verification(verification, width=100)
    text = render_verification(verification, everything=True, width=100)
    assert "conv_relu     A, B" in text
    assert "copy" not in text


def test_everything_names_every_op(found: Callable[..., Verification]) -> None:
    text = render_verification(found(*CASES["differs"]), everything=True, width=100)
    assert all(f" {name}" in text for name in "ABCDEF")


def test_a_cell_holds_no_markup() -> None:
    assert cell("a|b\nc *d* <x>") == "a\\|b\\\\x0ac \\*d\\* \\<x\\>"
