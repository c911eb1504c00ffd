from __future__ import annotations

import ctypes
import json
from pathlib import Path

import pytest

from benchmarks.agreement.ask_litert import line
from edgeplan.verify.answer import Answer, NodeSaid, Said, Status
from edgeplan.verify.ask.litert_cpu import entries, op_types
from edgeplan.verify.ask.litert_gpu import Log, answer, failure
from edgeplan.verify.ask.litert_nodes import Step, _Node, _Tensor, nodes, partitions, span
from edgeplan.verify.process import ASK, Limits, Question, ask
from edgeplan.verify.vulkan import INSTALL, vulkan_environment

SAMPLES = Path(__file__).parents[2] / "samples"

LOG = """\
INFO: [gpu_registry.cc:138] Dynamically loaded GPU accelerator(libLiteRtWebGpuAccelerator.so) registered.
I0000 00:00:1795324690.094644   31617 environment.cc:532] Selected adapter: SwiftShader Device (Subzero), arch=swift
ERROR: Following operations are not supported by GPU delegate:
DENSIFY: Operation is not supported.
DEQUANTIZE: 
DEQUANTIZE: Dequantize for Densify is not supported
READ_VARIABLE: Operation is not supported.
26 operations will run on the GPU, and the remaining 19 operations will run on the CPU.
I0000 00:00:1795324690.104120   31617 delegate_kernel.cc:984] Initializing WebGPU-based API from graph.
ERROR: Following operations are not supported by GPU delegate:
VAR_HANDLE: Operation is not supported.
No operations will run on the GPU, and all 12 operations will run on the CPU.
"""  # noqa: W291  # as the runtime writes it
DYNAMIC = """\
WARNING: Attempting to use a delegate that only supports static-sized tensors with a graph that has dynamic-sized \
tensors (tensor#35 is a dynamic-sized tensor).
"""
NO_DRIVER = """\
Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory
ERROR: [delegate_webgpu.cc:359] Failed to initialize WebGPU environment: INTERNAL: No adapters found
"""
CHECK = """\
E0000 00:00:1795325595.618711   13731 delegate_webgpu.cc:736] Something smaller
F0000 00:00:1795325595.618711   13731 object_reader.cc:71] Check failed: CanReadValue(node_input_index)
"""


@pytest.fixture(autouse=True)
def _beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The asking programs import the one that lies beside them."""
    monkeypatch.syspath_prepend(ASK)


def log(text: str) -> Log:
    return Log.read(text.splitlines())


def test_the_layouts_are_those_of_the_64_bit_runtime() -> None:
    assert ctypes.sizeof(_Tensor) == 112
    assert (_Tensor.allocation_type.offset, _Tensor.bytes.offset) == (32, 40)
    assert (_Node.builtin_data.offset, _Node.delegate.offset) == (40, 64)


def test_a_delegates_node_is_one_part_and_the_ops_between_are_a_run() -> None:
    steps = [Step((0,), "cpu"), Step((3,), "cpu"), Step((1, 2), "xnnpack"), Step((4, 6), "xnnpack"), Step((5,), "cpu")]
    assert partitions(steps) == {"cpu": 2, "xnnpack": 2}


def test_an_op_that_no_step_runs_is_not_known_any_more() -> None:
    said = nodes(["ADD", "ABS", "NEG"], [Step((0, 2), "gpu")], {2: "why"})
    assert [(n["name"], n["type"], n["unit"], n["words"]) for n in said] == [
        ("0", "ADD", "gpu", ""),
        ("2", "NEG", "gpu", "why"),
    ]


def test_the_arena_spans_planned_tensors_only() -> None:
    mapped, arena, persistent = 1, 2, 3
    assert span([(mapped, 9000, 64), (arena, 1024, 256), (arena, 1536, 512), (persistent, 50, 8)]) == 1024


@pytest.mark.parametrize("other", [(4, 0, 0), (2, 0, 64)], ids=["dynamic", "no memory yet"])
def test_there_is_no_size_of_an_arena_when_a_tensor_is_not_in_it(other: tuple[int, int, int]) -> None:
    assert span([(2, 1024, 256), other]) is None


def test_nodes_of_delegates_are_no_ops_of_the_file() -> None:
    assert op_types([{"op_name": "ADD"}, {"op_name": "Mine"}, {"op_name": "DELEGATE"}]) == ["ADD", "Mine"]


def test_custom_ops_without_a_kernel_share_the_one_that_complains() -> None:
    error = (
        "Encountered unresolved custom op: Mine. See instructions: https://tensorflow.org Node number 1 (Mine) failed"
    )
    steps = [Step((0,), "xnnpack"), Step((1,), "cpu", 7), Step((2,), "cpu", 7), Step((3,), "cpu", 8)]
    said = entries(["ADD", "Mine", "Yours", "TFLite_Detection_PostProcess"], steps, error)
    assert [n["unit"] for n in said] == ["xnnpack", "", "", "cpu"]
    assert [bool(n["words"]) for n in said] == [False, True, True, False]


@pytest.mark.parametrize("when", ["prepare", "invoke"])
def test_an_op_whose_kernel_fails_is_on_no_unit(when: str) -> None:
    error = f"tflite/kernels/conv.cc:411 has_bias was not true.Node number 1 (CONV_2D) failed to {when}."
    said = entries(["ABS", "CONV_2D"], [Step((0,), "xnnpack"), Step((1,), "cpu", 9)], error)
    assert [(n["unit"], n["words"]) for n in said] == [("xnnpack", ""), ("", error)]


def test_a_delegate_that_fails_is_no_op_of_the_file() -> None:
    said = entries(["ABS"], [Step((0,), "xnnpack")], "Node number 1 (TfLiteXNNPackDelegate) failed to prepare.")
    assert [n["unit"] for n in said] == ["xnnpack"]


def test_the_log_gives_the_device_and_reasons_of_the_main_graph() -> None:
    read = log(LOG)
    assert read.adapter == "SwiftShader Device (Subzero)"
    assert read.words == {
        "DENSIFY": "Operation is not supported.",
        "DEQUANTIZE": "Dequantize for Densify is not supported",
        "READ_VARIABLE": "Operation is not supported.",
    }
    assert not read.complaints


def test_reasons_stand_beside_what_was_left_and_not_beside_what_was_taken() -> None:
    found = {
        "types": ["DEQUANTIZE", "DENSIFY", "DEQUANTIZE"],
        "status": 0,
        "steps": [[[0], "gpu"], [[1], "xnnpack"], [[2], "cpu"]],
    }
    said = answer(found, log(LOG), 0)
    assert said["done"]
    assert said["partitions"] == {"gpu": 1, "xnnpack": 1, "cpu": 1}
    assert [(n["unit"], n["words"]) for n in said["nodes"]] == [
        ("gpu", ""), ("xnnpack", "Operation is not supported."), ("cpu", "Dequantize for Densify is not supported"),
    ]  # fmt: skip


def test_a_model_that_the_gpu_gives_up_is_on_no_unit() -> None:
    said = answer({"types": ["WHERE", "ABS"], "status": 3, "steps": None}, log(DYNAMIC), 0)
    assert "done" not in said
    assert said["error"].startswith("Attempting to use a delegate that only supports static-sized tensors")
    assert [n["unit"] for n in said["nodes"]] == ["", ""]


def test_without_a_driver_nothing_is_said_of_the_model() -> None:
    said = answer({"types": ["ABS"], "status": 3, "steps": None}, log(NO_DRIVER), 0)
    assert "Vulkan" in said["missing"]
    assert "error" not in said


def test_a_crash_is_told_with_the_last_complaint() -> None:
    assert failure(log(CHECK), -4) == (
        "the compiler's process ended by SIGILL: Check failed: CanReadValue(node_input_index)"
    )
    assert failure(log(CHECK), 0) == "Something smaller"


def test_a_file_that_does_not_load_is_refused() -> None:
    assert answer({"error": "Model provided has model identifier 'a', should be 'TFL3'"}, log(""), 0)["error"]


def test_a_line_of_the_record_has_a_bit_for_each_op() -> None:
    said = Said(done=True, nodes=(NodeSaid("0", "ADD", "gpu"), NodeSaid("1", "CUMSUM", "xnnpack")))
    given = Answer("gpu", "", Status.COMPILED, said)
    assert line("m.tflite", "gpu", given) == {"file": "m.tflite", "ops": "ADD CUMSUM", "taken": "10"}
    assert line("m.tflite", "gpu", Answer("gpu", "", Status.CRASHED, Said(), "ended by SIGILL"))["error"]


def driver(folder: Path) -> Path:
    for name in ("chr/vk_swiftshader_icd.json", "mesa/libvulkan.so.1"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("{}")
    return folder


def test_a_named_folder_holds_the_driver_and_the_loader(tmp_path: Path) -> None:
    named = {"EDGEPLAN_SWIFTSHADER": str(driver(tmp_path)), "LD_LIBRARY_PATH": "/before"}
    assert vulkan_environment(named, tmp_path / "root") == {
        "VK_ICD_FILENAMES": str(tmp_path / "chr/vk_swiftshader_icd.json"),
        "LD_LIBRARY_PATH": f"{tmp_path / 'mesa'}:/before",
    }


def test_the_places_of_distributions_are_found(tmp_path: Path) -> None:
    for name in ("usr/lib/chromium/vk_swiftshader_icd.json", "usr/lib/x86_64-linux-gnu/libvulkan.so.1"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
    found = vulkan_environment({}, tmp_path)
    assert found == {"VK_ICD_FILENAMES": str(tmp_path / "usr/lib/chromium/vk_swiftshader_icd.json")}


def test_a_browser_that_brings_both_is_enough(tmp_path: Path) -> None:
    chrome = tmp_path / "opt/google/chrome"
    chrome.mkdir(parents=True)
    for name in ("vk_swiftshader_icd.json", "libvulkan.so.1"):
        (chrome / name).write_text("{}")
    found = vulkan_environment({}, tmp_path)
    assert found == {"VK_ICD_FILENAMES": str(chrome / "vk_swiftshader_icd.json"), "LD_LIBRARY_PATH": str(chrome)}


def test_the_systems_own_drivers_are_left_to_the_loader(tmp_path: Path) -> None:
    for name in ("usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "usr/lib/x86_64-linux-gnu/libvulkan.so.1"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
    assert vulkan_environment({}, tmp_path) == {}
    named = vulkan_environment({"EDGEPLAN_SWIFTSHADER": str(tmp_path / "opt")}, tmp_path)
    assert isinstance(named, str)
    assert "holds no vk_swiftshader_icd.json" in named


def test_what_is_missing_comes_with_the_command_that_installs_it(tmp_path: Path) -> None:
    nothing = vulkan_environment({}, tmp_path)
    assert isinstance(nothing, str)
    assert INSTALL in nothing
    no_loader = vulkan_environment({"VK_ICD_FILENAMES": "/mine.json"}, tmp_path)
    assert isinstance(no_loader, str)
    assert "libvulkan.so.1" in no_loader


def asked(unit: str, model: str, **options: object) -> Answer:
    pytest.importorskip("ai_edge_litert")
    environment = vulkan_environment() if unit == "gpu" else {}
    if isinstance(environment, str):
        pytest.skip(environment)
    question = Question(f"litert-{unit}", f"litert_{unit}", SAMPLES / model, options=options, environment=environment)
    return ask(question, Limits(300, 4 << 30))


def counts(given: Answer) -> dict[str, int]:
    return {unit: sum(n.unit == unit for n in given.said.nodes) for unit in {n.unit for n in given.said.nodes}}


@pytest.mark.referee
def test_xnnpack_takes_also_what_only_variables_read() -> None:
    given = asked("cpu", "hey_jarvis.tflite")
    assert given.status is Status.COMPILED
    assert dict(given.said.partitions) == {"xnnpack": 1, "cpu": 2}
    assert counts(given) == {"xnnpack": 43, "cpu": 2}
    assert {f.name for f in given.said.facts} == {"ops", "builtin-activations"}
    assert [n.type for n in given.said.nodes if n.unit == "cpu"] == ["CALL_ONCE", "QUANTIZE"]


@pytest.mark.referee
def test_a_model_computes_when_it_is_told_to() -> None:
    given = asked("cpu", "hey_jarvis.tflite", run=True)
    assert given.status is Status.COMPILED
    assert dict(given.said.partitions) == {"xnnpack": 1, "cpu": 2}


@pytest.mark.referee
def test_basic_pitch_is_cut_into_many_parts_whatever_its_batch() -> None:
    given = asked("cpu", "basic_pitch.tflite", inputs={"serving_default_input_2:0": [2, 43844, 1]})
    assert given.status is Status.COMPILED
    assert dict(given.said.partitions) == {"xnnpack": 17, "cpu": 17}


@pytest.mark.referee
def test_the_gpu_takes_one_part_and_says_why_it_left_the_rest() -> None:
    given = asked("gpu", "hey_jarvis.tflite")
    assert given.status is Status.COMPILED
    assert counts(given)["gpu"] == 26
    assert given.said.partitions["gpu"] == 1
    assert {n.words for n in given.said.nodes if n.type == "VAR_HANDLE"} == {"Operation is not supported."}


@pytest.mark.referee
def test_the_gpu_gives_up_a_model_of_dynamic_sizes() -> None:
    given = asked("gpu", "basic_pitch.tflite")
    assert given.status is Status.REFUSED
    assert "dynamic-sized tensors" in given.words
    assert counts(given) == {"": 222}


@pytest.mark.referee
@pytest.mark.parametrize("unit", ["cpu", "gpu"])
def test_an_input_the_model_does_not_have_is_refused(unit: str) -> None:
    given = asked(unit, "hey_jarvis.tflite", inputs={"nobody": [1]})
    assert given.status is Status.REFUSED
    assert "nobody" in given.words


@pytest.mark.referee
def test_a_broken_file_is_an_answer(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(40))
    given = ask(Question("litert-cpu", "litert_cpu", tmp_path / "m.tflite"), Limits(120))
    assert given.status in (Status.REFUSED, Status.CRASHED)
    assert given.words


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeplan.verify.ask import litert_cpu

    request, to = tmp_path / "request.json", tmp_path / "answer.json"
    request.write_text(json.dumps({"model": "m.tflite", "options": {}}))
    monkeypatch.setattr(litert_cpu, "PACKAGE", "no_such_package")
    monkeypatch.setattr("sys.argv", ["litert_cpu.py", str(request), str(to)])
    litert_cpu.main()
    assert json.loads(to.read_text()) == {"missing": "the Python package no_such_package"}
