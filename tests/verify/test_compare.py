from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.target import Target
from edgeplan.verify.agreement import Agreement, Match, OpCount, Outcome
from edgeplan.verify.answer import Answer, Fact, Status
from edgeplan.verify.compare import compare
from edgeplan.verify.referees import Known, Referee
from edgeplan.verify.stand_in import StandIn

Toy = Callable[..., Target]
Answers = Callable[..., Answer]
Referees = Callable[..., Referee]

RUN = 'id = "all"\nops = ["Relu", "Abs", "Conv"]\nunit = ["npu"]\nverdict = "runs"\n'
CPU = 'id = "cpu"\nops = ["*"]\nunit = ["cpu"]\nverdict = "runs"\n'
NO_NEG = 'id = "no-neg"\nops = ["Neg"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "It cannot."\n'
FATAL = NO_NEG + 'scope = "model"\n'
CHAIN = "g (float[1,8] x) => (float[1,8] d) { [A] a = Relu (x) [B] b = Neg (a) [C] c = Abs (b) [D] d = Relu (c) }"


@pytest.fixture
def held(toy: Toy, referees: Referees) -> Callable[..., Agreement]:
    """An answer held against the toy tables' prediction of the chain."""

    def run(
        answer: Answer,
        *rows: str,
        text: str = CHAIN,
        known: tuple[Known, ...] = (),
        counts: tuple[OpCount, ...] = (),
        compares: str = "placement",
    ) -> Agreement:
        where = StandIn(toy(*(rows or (RUN, NO_NEG, CPU)), release="3"), "T1", ("a note",))
        return compare(parse_text(text), where, answer, referees(*known, compares=compares), counts)

    return run


Held = Callable[..., Agreement]


def matches(found: Agreement) -> dict[str, Match]:
    return {name: group.match for group in found.groups for name in group.ops}


def test_what_both_say_agrees(held: Held, answers: Answers) -> None:
    found = held(answers(A="npu", B=("cpu", "no negation here"), C="npu", D="npu"))
    assert found.outcome is Outcome.AGREES
    assert set(matches(found).values()) == {Match.AGREE}
    assert (found.share_of_ops, found.share_of_work) == (1.0, 1.0)
    assert (found.fails, found.said_fails) == (False, False)


def test_both_directions_of_a_contradiction_are_told_apart(held: Held, answers: Answers) -> None:
    found = held(answers(A=("cpu", "Operator A is too wide"), B="npu", C="npu", D="npu"))
    assert found.outcome is Outcome.DISAGREES
    assert matches(found)["A"] is Match.RUNS_BUT_REFUSED
    assert matches(found)["B"] is Match.REFUSED_BUT_RUNS
    assert found.share_of_ops == 0.5
    wrong = {g.ops: g for g in found.groups if g.match.wrong}
    assert wrong["A",].words == "Operator A is too wide"
    assert wrong["A",].rows == ("toy/npu/all",)
    assert wrong["B",].rows == ("toy/npu/no-neg",)
    assert [g.match.wrong for g in found.groups] == [True, True, False, False]


def test_an_op_without_a_row_is_not_predicted(held: Held, answers: Answers) -> None:
    found = held(answers(A="npu", B="cpu", C="npu", D="npu"), RUN.replace(', "Abs"', ""), NO_NEG, CPU)
    assert matches(found)["C"] is Match.UNKNOWN
    assert found.share_of_ops == 0.75
    assert found.outcome is Outcome.AGREES


def test_a_fused_op_is_where_its_neighbours_are(held: Held, answers: Answers) -> None:
    found = held(answers(B=("cpu", "no negation"), D="npu"))
    assert matches(found)["A"] is Match.RUNS_BUT_REFUSED  # read by B, on the CPU, and made by nobody
    assert matches(found)["C"] is Match.NOT_SAID  # between B, on the CPU, and D, on the NPU
    assert [g.words for g in found.groups if g.ops == ("A",)] == ["no negation"]


def test_an_op_between_two_units_is_not_said(held: Held, answers: Answers) -> None:
    text = "g (float[1,8] x) => (float[1,8] b, float[1,8] c) { [A] a = Relu (x) [B] b = Neg (a) [C] c = Abs (a) }"
    found = held(answers(B="cpu", C="npu"), text=text)
    assert matches(found)["A"] is Match.NOT_SAID
    assert found.share_of_ops == 1.0


def test_nothing_said_is_no_agreement(held: Held, answers: Answers) -> None:
    found = held(answers(status=Status.CRASHED, words="ended by SIGSEGV"))
    assert found.outcome is Outcome.CANNOT_TELL
    assert found.share_of_ops is None
    assert found.said_fails is None


def test_a_model_refused_without_a_word_about_ops_disagrees(held: Held, answers: Answers) -> None:
    found = held(answers(status=Status.REFUSED, words="no engine"))
    assert (found.fails, found.said_fails) == (False, True)
    assert found.outcome is Outcome.DISAGREES


def test_a_predicted_failure_of_the_model_agrees_when_it_fails(held: Held, answers: Answers) -> None:
    found = held(answers(status=Status.REFUSED, words="failed", A="npu", B="npu", C="npu", D="npu"), RUN, FATAL, CPU)
    assert (found.fails, found.said_fails) == (True, True)
    assert matches(found)["B"] is Match.AGREE
    assert found.outcome is Outcome.AGREES


def test_a_predicted_failure_that_compiles_disagrees(held: Held, answers: Answers) -> None:
    found = held(answers(A="npu", B="npu", C="npu", D="npu"), RUN, FATAL, CPU)
    assert matches(found)["B"] is Match.REFUSED_BUT_RUNS
    assert found.outcome is Outcome.DISAGREES


def known(**more: object) -> Known:
    return Known("neg-plugin", "The edition has no plugin.", {"paper": "says so"}, **more)  # type: ignore[arg-type]


def test_a_known_difference_is_left_out(held: Held, answers: Answers) -> None:
    answer = answers(A="npu", B="npu", C="npu", D="npu")
    found = held(answer, known=(known(ops=("Neg",)),))
    assert matches(found)["B"] is Match.LEFT_OUT
    assert found.outcome is Outcome.AGREES
    assert found.share_of_ops == 1.0
    assert any(g.words == "The edition has no plugin." for g in found.groups)
    assert matches(held(answer, known=(known(ops=("Abs",)),)))["B"] is Match.REFUSED_BUT_RUNS
    assert matches(held(answer, known=(known(ops=("Neg",), chips=("T2",)),)))["B"] is Match.REFUSED_BUT_RUNS
    narrow = known(when={"any.dtype": "float16"})
    assert matches(held(answer, known=(narrow,)))["B"] is Match.REFUSED_BUT_RUNS


def test_words_of_a_known_difference_excuse_a_refused_model(held: Held, answers: Answers) -> None:
    answer = answers(status=Status.REFUSED, words="Unsupported reduction type in plugin")
    found = held(answer, known=(known(words="Unsupported reduction"),))
    assert found.outcome is Outcome.CANNOT_TELL
    assert found.notes == ("a note", "The edition has no plugin.")


def test_a_refusal_is_no_surprise_where_an_op_is_unknown(held: Held, answers: Answers) -> None:
    answer = answers(status=Status.REFUSED, words="no kernel", A="npu", B="cpu", C="", D="npu")
    found = held(answer, RUN.replace(', "Abs"', ""), NO_NEG, CPU)
    assert found.outcome is Outcome.CANNOT_TELL
    assert "was not predicted" in found.notes[-1]


def test_figures_stand_beside_the_plans(held: Held, answers: Answers) -> None:
    facts = (Fact("activations", 64, "bytes"), Fact("engine", 999, "bytes"))
    found = held(answers(A="npu", B="cpu", C="npu", D="npu", parts={"npu": 3}, facts=facts))
    told = {f.name: (f.predicted, f.said) for f in found.figures}
    assert told["partitions"] == (2, 3)
    assert told["activations"] == (128, 64)
    assert told["engine"] == (None, 999)


def test_counts_of_operators_decide_where_there_is_no_placement(held: Held, answers: Answers) -> None:
    explained = (OpCount("conv", 3, 3), OpCount("linear", 0, 1, "the converter writes so"))
    differing = (OpCount("conv", 3, 2),)
    assert held(answers(), counts=explained, compares="operators").outcome is Outcome.AGREES
    assert held(answers(), counts=differing, compares="operators").outcome is Outcome.DISAGREES
    assert held(answers(A="npu", B="cpu", C="npu", D="npu"), counts=differing).outcome is Outcome.AGREES
