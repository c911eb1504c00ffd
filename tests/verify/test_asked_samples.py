"""The compilers are really asked about the samples, and say what was predicted."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from edgeplan.target import resolve
from edgeplan.verify.agreement import Outcome
from edgeplan.verify.referees import load_referee
from edgeplan.verify.verification import verify
from edgeplan.verify.vulkan import vulkan_environment

SAMPLES = Path(__file__).parent.parent.parent / "samples"
MODULES = {
    "tensorrt-rtx": "tensorrt_rtx",
    "qnn-htp": "onnxruntime_qnn",
    "litert-cpu": "ai_edge_litert",
    "litert-gpu": "ai_edge_litert",
    "coremltools": "coremltools",
}
DEVICES = {
    "tensorrt-rtx": "jetson-orin-nano",
    "qnn-htp": "snapdragon-8-gen-3",
    "litert-cpu": "pixel8",
    "litert-gpu": "pixel8",
    "coremltools": "iphone14pro",
}
BOUND: dict[str, dict[str, dict[str, object]]] = {
    "basic_pitch.onnx": {"dims": {"unk__749": 1}},
    "magika_v3_3.onnx": {"dims": {"unk__214": 1}},
    "ppocr_v4_det.onnx": {"inputs": {"x": (1, 3, 320, 320)}},
    "silero_vad.onnx": {"inputs": {"input": (1, 512), "state": (2, 1, 128)}, "values": {"sr": 16000}},
    "basic_pitch.tflite": {"dims": {"batch": 1}},
}
OPEN = {
    ("qnn-htp", "silero_vad.onnx"): "ONNX Runtime 1.31.1 stumbles while it inlines the branches of its If",
    ("tensorrt-rtx", "silero_vad.onnx"): "TensorRT imports the branch of its If that is not taken, too",
}
"""What a compiler gives no answer to: a known difference."""
REQUIRED = "EDGEPLAN_REFEREES"
"""Set where the compilers have to be there: a missing one fails the test then, instead of skipping it."""

CASES = [
    pytest.param(referee, path, id=f"{referee}-{path.name}")
    for referee, device in DEVICES.items()
    for path in sorted([*SAMPLES.glob("*.onnx"), *SAMPLES.glob("*.tflite")])
    if path.suffix == ".onnx" or referee.startswith("litert")
]


@pytest.mark.referee
@pytest.mark.parametrize(("name", "path"), CASES)
def test_the_compiler_says_what_was_predicted(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For LiteRT an ONNX model is asked about as lowered here: a converter needs an environment of its own."""
    monkeypatch.setenv("EDGEPLAN_ONNX2TF", str(SAMPLES / "no-converter"))
    referee = load_referee(name)
    there = find_spec(MODULES[name]) is not None and (
        referee.needs != "vulkan" or isinstance(vulkan_environment(), dict)
    )
    if not there and not os.environ.get(REQUIRED):
        pytest.skip(f"{name} is not installed")
    target = resolve(DEVICES[name], referee.backend)
    found = verify(path, target, referees=[name], **BOUND.get(path.name, {}))  # type: ignore[arg-type]
    assert found.not_asked == ()
    (agreement,) = found.agreements
    wrong = [(g.match, g.type, g.words, g.ops[:3]) for g in agreement.groups if g.match.wrong]
    assert wrong == []
    expected = Outcome.CANNOT_TELL if (name, path.name) in OPEN else Outcome.AGREES
    assert agreement.outcome is expected, (agreement.answer.words, agreement.notes)
    parts = {f.name: (f.predicted, f.said) for f in agreement.figures if f.name == "partitions"}
    assert expected is Outcome.CANNOT_TELL or all(predicted == said for predicted, said in parts.values())


@pytest.mark.referee
def test_the_readme_shows_what_the_compiler_says() -> None:
    if find_spec("ai_edge_litert") is None and not os.environ.get(REQUIRED):
        pytest.skip("ai-edge-litert is not installed")
    readme = (SAMPLES.parent / "README.md").read_text("utf-8")
    block = r"<!-- asked: [^\n]* -->\n```text\n\$ edgeplan (?P<command>[^\n]*)\n(?P<said>.*?)```"
    shown = re.search(block, readme, re.DOTALL)
    assert shown is not None
    environment = {"COLUMNS": "100", "NO_COLOR": "1", "PATH": "", "PYTHONPATH": str(SAMPLES.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "edgeplan", *shlex.split(shown["command"])],
        cwd=SAMPLES.parent, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert _steady(done.stdout) == _steady(shown["said"])


def _steady(text: str) -> str:
    """The report without what differs from run to run: time and the process's memory."""
    return re.sub(r"compiled in [\d.]+ s, [\d.]+ [GM]iB", "compiled", text).strip()
