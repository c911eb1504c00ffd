from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from edgeplan.capability.rows import Row
from edgeplan.frontends.onnx import parse_text
from edgeplan.place.lowered import lower_for
from edgeplan.target import Target, TargetError
from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.compare import compare
from edgeplan.verify.referees import Known, Referee, load_referee
from edgeplan.verify.replay.judge import examples_of, judge, replayed, rows_of, silence
from edgeplan.verify.replay.outcome import Heard, Outcome, RowWord
from edgeplan.verify.replay.target import chip_of, stand_in_for
from edgeplan.verify.stand_in import StandIn

Toy = Callable[..., Target]
Answers = Callable[..., Answer]
Referees = Callable[..., Referee]
Judged = Callable[..., dict[str, RowWord]]

RELU = "g (float[4] x) => (float[4] y) { [A] y = Relu (x) }"
NEG = "g (float[4] x) => (float[4] y) { [B] y = Neg (x) }"
ABS = "g (float[4] x) => (float[4] y) { [C] y = Abs (x) }"
BOTH = "g (float[4] x) => (float[4] y) { [A] a = Relu (x) [B] y = Neg (a) }"


def row(id: str, verdict: str, op: str, hit: str, miss: str = "", more: str = "") -> str:
    misses = f"misses = ['{miss}']\n" if miss else ""
    why = 'why = "So it is."\n' if verdict != "runs" else ""
    base = f'id = "{id}"\nops = ["{op}"]\nunit = ["npu"]\nverdict = "{verdict}"\nhits = [\'{hit}\']\n'
    return base + why + misses + more


RUNS = row("relu", "runs", "Relu", RELU)
NO_NEG = row("no-neg", "refuses", "Neg", NEG)
CPU = 'id = "cpu"\nops = ["*"]\nunit = ["cpu"]\nverdict = "runs"\nhits = []\n'


@pytest.fixture
def judged(toy: Toy, referees: Referees) -> Judged:
    """The verdicts of the toy rows, by id, when the compiler says this of their examples, or a reason not to ask."""

    def run(
        heard: Mapping[str, Answer | str], *texts: str, known: tuple[Known, ...] = (), cpu: bool = True
    ) -> dict[str, RowWord]:
        target = toy(*texts, *([CPU] if cpu else []), units=("npu", "cpu") if cpu else ("npu",), release="3")
        referee = referees(*known)
        where = StandIn(target, "T1", ())
        rows = rows_of(target)
        told: dict[str, Heard | str] = {}
        for text in examples_of(rows, target):
            said = heard[text]
            graph = parse_text(text)
            if isinstance(said, str):
                told[text] = said
            else:
                told[text] = Heard(lower_for(graph, target), compare(graph, where, said, referee))
        return {w.id.rpartition("/")[2]: w for w in judge(rows, told, referee, target) if w.examples}

    return run


def test_a_row_is_confirmed_when_the_compiler_says_the_same(judged: Judged, answers: Answers) -> None:
    found = judged({RELU: answers(A="npu"), NEG: answers(B=("cpu", "no kernel"))}, RUNS, NO_NEG)
    assert {k: w.outcome for k, w in found.items()} == dict.fromkeys(("relu", "no-neg"), Outcome.CONFIRMED)
    assert found["no-neg"].examples[0].words == "no kernel"


def test_a_row_is_contradicted_by_its_hit_with_the_compilers_words(judged: Judged, answers: Answers) -> None:
    found = judged({RELU: answers(A=("cpu", "too wide")), NEG: answers(B="npu")}, RUNS, NO_NEG)
    assert {w.outcome for w in found.values()} == {Outcome.CONTRADICTED}
    assert [s.words for s in found["relu"].examples] == ["too wide"]
    assert [s.words for s in found["no-neg"].examples] == ["it compiles"]


def test_a_compiler_without_words_is_quoted_as_such(judged: Judged, answers: Answers) -> None:
    found = judged({RELU: answers(A="cpu"), ABS: answers(C="npu")}, RUNS, row("absolute", "runs", "Abs", ABS, RELU))
    assert [s.words for s in found["relu"].examples] == ["it goes to another unit, without a word why"]


def test_a_difference_on_a_miss_counts_against_the_row_that_decided(judged: Judged, answers: Answers) -> None:
    rows = (RUNS, row("no-neg", "refuses", "Neg", NEG, RELU))
    found = judged({RELU: answers(A=("cpu", "no")), NEG: answers(B="cpu")}, *rows)
    assert found["no-neg"].outcome is Outcome.CONFIRMED
    other = row("absolute", "runs", "Abs", ABS, RELU)
    found = judged({RELU: answers(A=("cpu", "no")), ABS: answers(C="npu")}, RUNS, other)
    assert found["absolute"].outcome is Outcome.CONFIRMED
    assert found["relu"].outcome is Outcome.CONTRADICTED


def test_a_generic_row_answers_for_examples_that_are_not_its_own(judged: Judged, answers: Answers) -> None:
    wide = row("all", "runs", "*", ABS)
    narrow = row("no-neg", "refuses", "Neg", NEG, RELU)
    found = judged({ABS: answers(C="npu"), NEG: answers(B="cpu"), RELU: answers(A=("cpu", "no Relu"))}, wide, narrow)
    assert found["all"].outcome is Outcome.CONTRADICTED
    said = found["all"].examples
    assert [(s.role, s.outcome) for s in said] == [
        ("hit", Outcome.CONFIRMED), ("example of another row", Outcome.CONTRADICTED),
    ]  # fmt: skip
    assert said[1].words == "no Relu"


def test_a_failing_model_confirms_a_refusal_where_nothing_else_could_run_it(judged: Judged, answers: Answers) -> None:
    failed = answers(status=Status.REFUSED, words="no engine", A="npu", B="npu")
    found = judged({RELU: answers(A="npu"), NEG: failed}, RUNS, NO_NEG, cpu=False)
    assert found["no-neg"].outcome is Outcome.CONFIRMED
    found = judged({RELU: answers(A="npu"), NEG: failed}, RUNS, NO_NEG)
    assert found["no-neg"].why == "the model fails, whichever unit has the op: no engine"


def test_a_failing_model_contradicts_what_runs(judged: Judged, answers: Answers) -> None:
    found = judged({RELU: answers(status=Status.CRASHED, words="SIGSEGV", A="npu")}, RUNS)
    assert found["relu"].outcome is Outcome.CONTRADICTED
    assert found["relu"].examples[0].words == "SIGSEGV"


def test_a_refusal_of_another_op_says_nothing(judged: Judged, answers: Answers) -> None:
    rows = (row("no-neg", "refuses", "Neg", BOTH), RUNS)
    heard = {BOTH: answers(status=Status.REFUSED, A=("", "A is too wide"), B="npu"), RELU: answers(A="npu")}
    found = judged(heard, *rows, cpu=False)
    assert found["no-neg"].why == "the compiler refuses another op: A is too wide"


def test_a_row_of_a_whole_model_is_contradicted_when_it_compiles(judged: Judged, answers: Answers) -> None:
    fatal = NO_NEG + 'scope = "model"\n'
    found = judged({NEG: answers(B=("cpu", "left"))}, fatal)
    assert found["no-neg"].outcome is Outcome.CONTRADICTED


def test_what_another_row_refuses_is_no_question_for_a_row_that_runs(judged: Judged, answers: Answers) -> None:
    rows = (row("neg", "runs", "Neg", NEG), NO_NEG)
    found = judged({NEG: answers(B="cpu")}, *rows)
    assert found["neg"].why == "another row refuses it"
    assert found["no-neg"].outcome is Outcome.CONFIRMED


LAST = 'id = "no-kernel"\nops = ["Neg"]\nunit = ["cpu"]\nverdict = "refuses"\nwhy = "So."\nscope = "model"\n'


def test_rows_of_the_last_unit_are_held_against_the_whole_model(toy: Toy, judged: Judged, answers: Answers) -> None:
    last = LAST + f"hits = ['{NEG}']\n"
    failed = answers(status=Status.REFUSED, words="no kernel")
    found = judged({RELU: answers(A="npu"), NEG: failed}, RUNS, NO_NEG, last)
    assert found["no-kernel"].outcome is Outcome.CONFIRMED
    found = judged({RELU: answers(A="npu"), NEG: answers(B="cpu")}, RUNS, NO_NEG, last)
    assert found["no-kernel"].outcome is Outcome.CONTRADICTED
    found = judged({RELU: answers(A="npu"), NEG: answers(B="npu")}, RUNS, NO_NEG, last)
    assert found["no-kernel"].why == "another unit takes it before"
    between = toy(RUNS, last, CPU, units=("npu", "kernels", "cpu"), release="3")
    assert [r.id for r in rows_of(between)] == ["relu"]


def test_what_the_last_unit_runs_is_contradicted_by_a_failing_model(judged: Judged, answers: Answers) -> None:
    runs = 'id = "kernel"\nops = ["Neg"]\nunit = ["cpu"]\nverdict = "runs"\n' + f"hits = ['{NEG}']\n"
    found = judged({NEG: answers(status=Status.REFUSED, words="no kernel")}, NO_NEG, runs)
    assert found["kernel"].outcome is Outcome.CONTRADICTED
    assert found["kernel"].examples[0].words == "no kernel"
    assert judged({NEG: answers(B="cpu")}, NO_NEG, runs)["kernel"].outcome is Outcome.CONFIRMED


def test_a_known_difference_is_no_contradiction(judged: Judged, answers: Answers) -> None:
    known = Known("no-relu", "it lacks a library", {"paper": "p"}, ops=("Relu",), words="plugin not found")
    failed = answers(status=Status.REFUSED, words="plugin not found: Relu", A=("", "plugin not found"))
    found = judged({RELU: failed}, RUNS, known=(known,), cpu=False)
    assert found["relu"].outcome is Outcome.NOT_ASKED
    other = Known("no-abs", "it lacks a library", {"paper": "p"}, ops=("Abs",), words="plugin not found")
    found = judged({RELU: failed}, RUNS, known=(other,), cpu=False)
    assert found["relu"].outcome is Outcome.CONTRADICTED


@pytest.mark.parametrize(("status", "words"), [(Status.TIMEOUT, "the compiler came to no end"), (Status.MEMORY, "mem")])
def test_no_answer_decides_nothing(judged: Judged, answers: Answers, status: Status, words: str) -> None:
    found = judged({RELU: answers(status=status, A=("cpu", "no"))}, RUNS)
    assert found["relu"].outcome is Outcome.NOT_ASKED
    assert words in found["relu"].why


def test_an_example_that_is_no_question_keeps_its_reason(judged: Judged) -> None:
    found = judged({RELU: "not a valid model: no such op"}, RUNS)
    assert (found["relu"].outcome, found["relu"].why) == (Outcome.NOT_ASKED, "not a valid model: no such op")


def test_a_folded_op_is_not_said(judged: Judged, answers: Answers) -> None:
    assert judged({RELU: answers()}, RUNS)["relu"].why == "the compiler folds the op away"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('until = "2"\n', "speaks of other releases than 3"),
        ('generation = { min = "N2" }\n', "speaks of other generations than N1"),
        ('features = ["fp16"]\n', "speaks of chips with other features"),
        ('precision = ["float16"]\n', "speaks of floats in float16, not model"),
        ('since = "2"\ngeneration = { max = "N1" }\n', ""),
    ],
)
def test_rows_that_say_nothing_of_the_target(toy: Toy, more: str, why: str) -> None:
    target = toy(row("relu", "runs", "Relu", RELU, "", more), release="3")
    (only,) = target.backend.rows
    assert silence(only, target) == why
    assert examples_of([only], target) == (() if why else (RELU,))


def test_silence_is_what_placing_goes_by(toy: Toy) -> None:
    from edgeplan.place.support import Judge, Verdict

    graph = parse_text(RELU)
    for more in ('until = "2"\n', 'generation = { min = "N2" }\n', 'lacks = ["fp16"]\n', 'since = "3"\n'):
        target = toy(row("relu", "runs", "Relu", RELU, "", more), release="3")
        runs = Judge(target).support(graph, graph.ops[0])[0].verdict is Verdict.RUNS
        assert runs is not bool(silence(target.backend.rows[0], target)), more


def test_a_replay_counts_rows_examples_and_reasons(toy: Toy, referees: Referees, answers: Answers) -> None:
    old = row("old", "runs", "Abs", ABS, "", 'until = "1"\n')
    target = toy(RUNS, NO_NEG, old, CPU, release="3")
    referee, where = referees(), StandIn(target, "T1", ())
    rows: list[Row] = [r for r in target.backend.rows if "npu" in r.unit]
    graph = parse_text(RELU)
    heard: dict[str, Heard | str] = {
        RELU: Heard(graph, compare(graph, where, answers(A="npu"), referee)),
        NEG: "not a valid model: a reason of its own",
    }
    found = replayed(rows, heard, referee, where)
    assert (found.examples, found.asked, found.share) == (2, 1, 1.0)
    assert found.reasons == {"not a valid model": 1, "speaks of other releases than 3": 1}
    assert found.versions == {"toyc": "1.0"}


def test_the_stand_in_has_the_chips_generation_and_features() -> None:
    unit = stand_in_for(load_referee("tensorrt-rtx"), "SM86").target.units[0]
    assert (unit.name, unit.generation) == ("gpu", "8.6")
    old = stand_in_for(load_referee("qnn-htp"), "35").target.units
    assert (old[0].generation, old[0].features, old[1].name) == ("v68", (), "cpu")
    assert "fp16" in stand_in_for(load_referee("qnn-htp"), "57").target.units[0].features
    names = [u.name for u in stand_in_for(load_referee("litert-gpu"), "").target.units]
    assert names == ["gpu", "xnnpack", "cpu"]


def test_chips_that_nobody_knows_are_refused() -> None:
    with pytest.raises(TargetError, match="SM86"):
        stand_in_for(load_referee("tensorrt-rtx"), "SM42")
    with pytest.raises(TargetError, match="soc_model"):
        stand_in_for(load_referee("qnn-htp"), "4")


@pytest.mark.parametrize("name", ["tensorrt-rtx", "qnn-htp", "litert-cpu", "litert-gpu"])
def test_there_is_a_chip_to_ask_about_by_default(name: str) -> None:
    referee = load_referee(name)
    assert stand_in_for(referee, chip_of(referee)).target.release == referee.release
