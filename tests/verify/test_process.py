from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeplan.verify import process
from edgeplan.verify.answer import Answer, NodeSaid, Status
from edgeplan.verify.process import Limits, Question, ask

Asked = Callable[..., Answer]

WRITE = """
import json, os, sys
request = json.load(open(sys.argv[1]))
def write(**said):
    json.dump(said, open(sys.argv[2], "w"))
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The answer of a program given as text."""
    monkeypatch.setattr(process, "ASK", tmp_path)
    model = tmp_path / "model.onnx"
    model.write_bytes(b"model")

    def run(program: str, limits: Limits | None = None, **more: object) -> Answer:
        (tmp_path / "program.py").write_text(WRITE + program, "utf-8")
        return ask(Question("toy", "program", model, **more), limits)  # type: ignore[arg-type]

    return run


def test_an_answer_comes_back_whole(asked: Asked) -> None:
    program = """
waste = bytearray(100 << 20)
import time; time.sleep(0.5)
write(versions={"toyc": "1"}, done=True, nodes=[{"name": "a", "type": "Relu", "unit": "npu"}],
      facts=[{"name": "weights", "value": len(open(request["model"], "rb").read()), "unit": "bytes"}],
      notes={"chip": request["chip"], "options": request["options"]["a"]})
"""
    found = asked(program, chip="T1", options={"a": "b"})
    assert found.status is Status.COMPILED
    assert found.said.nodes == (NodeSaid("a", "Relu", "npu"),)
    assert found.said.facts[0].value == 5
    assert found.said.notes == {"chip": "T1", "options": "b"}
    assert 100 << 20 < found.peak < 400 << 20
    assert 0 < found.seconds < 60


def test_a_complaint_is_a_refusal(asked: Asked) -> None:
    found = asked('write(error="no kernel\\n for Det")')
    assert (found.status, found.words) == (Status.REFUSED, "no kernel for Det")


def test_a_missing_package_is_said(asked: Asked) -> None:
    found = asked('write(missing="the Python package toyc")')
    assert (found.status, found.words) == (Status.MISSING, "the Python package toyc")


def test_a_missing_interpreter_is_said(asked: Asked, tmp_path: Path) -> None:
    found = asked("", python=tmp_path / "python")
    assert found.status is Status.MISSING
    assert "cannot run" in found.words


def test_what_was_written_before_a_crash_is_kept(asked: Asked) -> None:
    program = 'write(nodes=[{"name": "a", "type": "Relu", "unit": ""}]); os.abort()'
    found = asked(program)
    assert found.status is Status.CRASHED
    assert "SIGABRT" in found.words
    assert [n.name for n in found.said.nodes] == ["a"]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise SystemExit(7)", "exit status 7"),
        ('print("Segfault in pass 3", flush=True); os.abort()', "Segfault in pass 3"),
        ("", "exit status 0"),
        ('open(sys.argv[2], "w").write("{")', "exit status 0"),
        ("write(nonsense=1)", "exit status 0"),
    ],
)
def test_no_answer_is_a_crash_with_its_last_words(asked: Asked, program: str, words: str) -> None:
    found = asked(program)
    assert found.status is Status.CRASHED
    assert words in found.words
    assert found.said.nodes == ()


def test_time_is_bounded_for_the_process_and_its_children(asked: Asked, tmp_path: Path) -> None:
    note = tmp_path / "alive"
    child = "import sys, time\nwhile True: time.sleep(0.1); open(sys.argv[1], 'w').write(str(time.time()))"
    program = (
        f"import subprocess, time\nsubprocess.Popen([sys.executable, '-c', {child!r}, {str(note)!r}]); time.sleep(60)"
    )
    found = asked(program, Limits(seconds=1.5))
    assert found.status is Status.TIMEOUT
    assert found.words == "no end after 1.5 s"
    time.sleep(0.5)
    last = note.read_text("utf-8")
    time.sleep(0.5)
    assert note.read_text("utf-8") == last


def test_memory_is_bounded(asked: Asked) -> None:
    found = asked("import time; a = bytearray(400 << 20); time.sleep(60)", Limits(60, 200 << 20))
    assert found.status is Status.MEMORY
    assert found.peak > 200 << 20


def test_the_program_sees_no_folder_of_ours(asked: Asked) -> None:
    found = asked('write(done=True, notes={"path": sys.path[0], "here": os.getcwd()})')
    assert Path(found.said.notes["here"]).name.startswith("edgeplan-")
    assert not Path(found.said.notes["here"]).exists()
    assert Path(found.said.notes["path"]) not in (process.ASK, Path(found.said.notes["here"]))


def test_progress_is_told(asked: Asked) -> None:
    told: list[float] = []
    process_limits = Limits(seconds=20)
    found = ask_with(asked, told, process_limits)
    assert found.status is Status.COMPILED
    assert told == sorted(told)
    assert len(told) >= 2


def ask_with(asked: Asked, told: list[float], limits: Limits) -> Answer:
    asked("write(done=True)")  # writes the program once, so that the model is there
    (process.ASK / "program.py").write_text(WRITE + "import time; time.sleep(1.2); write(done=True)", "utf-8")
    return ask(Question("toy", "program", process.ASK / "model.onnx"), limits, told.append)


def test_no_asking_program_has_the_name_of_a_package_it_imports() -> None:
    """They put their own folder on the path: a program would import itself."""
    names = {path.stem for path in (Path(process.__file__).parent / "ask").glob("*.py")}
    packages = {"ai_edge_litert", "coremltools", "onnx", "onnx2coreml", "onnx2tf", "onnx2torch", "onnxruntime"}
    assert not names & (packages | {"onnxruntime_qnn", "onnxslim", "tensorrt_rtx", "torch"})
