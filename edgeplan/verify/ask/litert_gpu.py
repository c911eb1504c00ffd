"""Asks LiteRT's GPU accelerator which ops of a .tflite file it takes: ML Drift on WebGPU, on any Vulkan device.

    python -P litert_gpu.py request.json answer.json

The model is compiled in a second process, whose log this one reads afterwards: compilation may end with a signal. No
graphics card is needed, SwiftShader will do; `LD_LIBRARY_PATH` and `VK_ICD_FILENAMES` say where the driver lies.
Option `inputs`: shapes by the name of an input, which a copy of the file is given, as they are fixed before compiling.
"""

from __future__ import annotations

import ctypes as c
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "ai_edge_litert"

_CPU_AND_GPU = 3
_LIBRARY_FOLDER, _STRING = 22, 8
"""kLiteRtEnvOptionTagRuntimeLibraryDir, kLiteRtAnyTypeString."""

_ADAPTER = re.compile(r"Selected adapter: ([^,]+)")
_NO_DEVICE = "Failed to initialize WebGPU environment"
_REFUSED = "Following operations are not supported by GPU delegate:"
_REASON = re.compile(r"^([A-Z][A-Z0-9_]+(?: [\w.-]+)?): (.+)$")
_COUNT = re.compile(r"^(?:\d+|No) operations will run on the GPU, ")
_STAMP = re.compile(r"^(?:[EFW]\d{4} \S+ +\d+ |ERROR: |WARNING: )?(?:\[?[\w./]+:\d+\]? )?")
_COMPLAINT = re.compile(r"^(?:[EF]\d{4} |ERROR: |WARNING: Attempting to use a delegate)|Check failed|Validation error")


@dataclass
class Log:
    """What the log says of the main subgraph, the first: the device, the reasons by op type, and complaints."""

    adapter: str = ""
    absent: bool = False
    words: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, lines: Iterable[str]) -> Log:
        """Read a whole log."""
        log, listing, counted = cls(), False, False
        for line in (line.strip() for line in lines):
            if found := _ADAPTER.search(line):
                log.adapter = found[1]
            elif _NO_DEVICE in line:
                log.absent = True
            elif line.endswith(_REFUSED):
                listing = not counted
            elif _COUNT.match(line):
                listing, counted = False, True
            elif listing and (found := _REASON.match(line)):
                before = log.words.get(found[1])
                log.words[found[1]] = f"{before}; {found[2]}" if before else found[2]
            elif _COMPLAINT.search(line):
                log.complaints.append(_STAMP.sub("", line))
        return log


def compile_model(model: str, inputs: Mapping[str, Sequence[int]], to: Path) -> None:
    """Compile for GPU and CPU, and write down which steps came of it. LiteRT's C interface asks our reader last."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    from litert_nodes import Reader

    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        if inputs:
            bound = to.with_name("bound.tflite")
            bound.write_bytes(bind(Path(model).read_bytes(), inputs))
            model = str(bound)
        details = Interpreter(model, experimental_op_resolver_type=kernels)._get_ops_details()
    except (RuntimeError, ValueError) as e:
        write(to, {"error": " ".join(str(e).split())})
        return
    found: dict[str, Any] = {"types": [d["op_name"] for d in details]}
    write(to, found)
    spec = find_spec(PACKAGE)
    assert spec is not None
    folder = Path(next(iter(spec.submodule_search_locations or ())))
    reader = Reader()
    found["status"] = _compile(c.CDLL(str(folder / "libLiteRt.so")), folder, model, reader)
    found["steps"] = None if reader.steps is None else [[list(s.ops), s.unit] for s in reader.steps]
    write(to, found)


def bind(model: bytes, inputs: Mapping[str, Sequence[int]]) -> bytearray:
    """The file with these shapes of its inputs. Raises `ValueError` when they have another number of axes."""
    from ai_edge_litert import schema_py_generated as schema

    copy = bytearray(model)
    main = schema.Model.GetRootAs(copy).Subgraphs(0)
    tensors = {(t := main.Tensors(main.Inputs(i))).Name().decode(): t for i in range(main.InputsLength())}
    for name, shape in inputs.items():
        if name not in tensors or tensors[name].ShapeLength() != len(shape):
            raise ValueError(f"the model has no input {name} of {len(shape)} axes")
        tensors[name].ShapeAsNumpy()[:] = shape
        if tensors[name].ShapeSignatureLength() == len(shape):
            tensors[name].ShapeSignatureAsNumpy()[:] = shape
    return copy


class _EnvOption(c.Structure):
    _fields_ = [("tag", c.c_int), ("any_type", c.c_int64), ("text", c.c_char_p)]


_Name = c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(c.c_char_p))
_Numbers = c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(c.c_int))
_Yes = c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(c.c_bool))
_Create = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p, c.POINTER(c.c_void_p))
_Delete = c.CFUNCTYPE(None, c.c_void_p)


def _compile(library: c.CDLL, folder: Path, model: str, reader: Any) -> int:
    """The status of the first call that fails, 0 when none does. Accelerators are applied as they were registered."""

    def name(_accelerator: Any, text: Any) -> int:
        text[0] = b"reader"
        return 0

    def release(_accelerator: Any, numbers: Any) -> int:
        numbers[0], numbers[1], numbers[2] = 1, 0, 0
        return 0

    def hardware(_accelerator: Any, bits: Any) -> int:
        bits[0] = _CPU_AND_GPU
        return 0

    def in_time(_accelerator: Any, yes: Any) -> int:
        yes[0] = False
        return 0

    def create(_context: Any, _environment: Any, _accelerator: Any, _options: Any, delegate: Any) -> int:
        return int(library.LiteRtWrapDelegate(c.c_void_p(reader.address), kept, delegate))

    kept = _Delete(lambda _delegate: None)  # it is Python's
    option = _EnvOption(_LIBRARY_FOLDER, _STRING, str(folder).encode())
    environment, accelerator, graph, options, compiled = (c.c_void_p() for _ in range(5))
    calls = (
        ("LiteRtCreateEnvironment", 1, c.byref(option), c.byref(environment)),
        ("LiteRtCreateAccelerator", c.byref(accelerator)),
        ("LiteRtSetAcceleratorGetName", accelerator, _Name(name)),
        ("LiteRtSetAcceleratorGetVersion", accelerator, _Numbers(release)),
        ("LiteRtSetAcceleratorGetHardwareSupport", accelerator, _Numbers(hardware)),
        ("LiteRtSetIsAcceleratorDelegateResponsibleForJitCompilation", accelerator, _Yes(in_time)),
        ("LiteRtSetDelegateFunction", accelerator, _Create(create)),
        ("LiteRtRegisterAccelerator", environment, accelerator, None, None),
        ("LiteRtCreateModelFromFile", environment, model.encode(), c.byref(graph)),
        ("LiteRtCreateOptions", c.byref(options)),
        ("LiteRtSetOptionsHardwareAccelerators", options, _CPU_AND_GPU),
        ("LiteRtCreateCompiledModel", environment, graph, options, c.byref(compiled)),
    )
    return next((status for function, *given in calls if (status := getattr(library, function)(*given))), 0)


def answer(found: Mapping[str, Any], log: Log, code: int) -> dict[str, Any]:
    """The fields of `Said` but for the versions, of what the second process wrote, its log and its exit code."""
    from litert_nodes import Step, nodes, partitions

    types: Sequence[str] = found.get("types", [])
    steps = [Step(tuple(ops), unit) for ops, unit in found.get("steps") or []]
    facts = [{"name": "ops", "value": len(types), "unit": "ops"}] if types else []
    if "error" in found:
        return {"error": found["error"]}
    if log.absent:
        return {"missing": "a Vulkan driver (SwiftShader will do)"}
    if code or found.get("status") or not steps:
        why = failure(log, code)
        refused = [Step((i,), "") for i in range(len(types))]
        words = {i: log.words.get(kind, why) for i, kind in enumerate(types)}
        return {"error": why, "nodes": nodes(types, refused, words), "facts": facts}
    left = {op for step in steps for op in step.ops if step.unit != "gpu"}
    words = {i: log.words[types[i]] for i in left if types[i] in log.words}
    counts = {"gpu": 0, **partitions(steps)}
    return {"done": True, "nodes": nodes(types, steps, words), "partitions": counts, "facts": facts}


def failure(log: Log, code: int) -> str:
    """Why nothing was compiled: the first complaint, or the last one before the signal that ended the process."""
    if code < 0:
        last = f": {log.complaints[-1]}" if log.complaints else ""
        return f"the compiler's process ended by {signal.Signals(-code).name}{last}"
    return log.complaints[0] if log.complaints else "the GPU delegate gave up the model"


def write(path: Path, said: Mapping[str, Any]) -> None:
    """Put the answer in place as a whole."""
    path.with_suffix(".new").write_text(json.dumps(said), "utf-8")
    os.replace(path.with_suffix(".new"), path)


def main() -> None:
    """Answer one request, or compile for one that does."""
    sys.path.insert(0, str(Path(__file__).parent))  # `-P` leaves it out
    compiles = sys.argv[1] == "--compile"
    asked, to = Path(sys.argv[1 + compiles]), Path(sys.argv[2 + compiles])
    request = json.loads(asked.read_text("utf-8"))
    if compiles:
        compile_model(request["model"], request["options"].get("inputs", {}), to)
        os._exit(0)  # taking the accelerator down may crash, and nothing is lost
    if find_spec(PACKAGE) is None:
        write(to, {"missing": f"the Python package {PACKAGE}"})
        return
    steps, log = to.with_name("steps.json"), to.with_name("gpu.txt")
    with log.open("wb") as out:
        command = [sys.executable, "-P", __file__, "--compile", str(asked), str(steps)]
        code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
    found = json.loads(steps.read_text("utf-8")) if steps.exists() else {}
    with log.open(encoding="utf-8", errors="replace") as lines:
        read = Log.read(lines)
    versions = {"ai-edge-litert": version("ai-edge-litert"), "Vulkan device": read.adapter}
    write(to, {"versions": {n: v for n, v in versions.items() if v}, **answer(found, read, code)})


if __name__ == "__main__":
    main()
