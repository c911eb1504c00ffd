"""The cases rewrites were made for: written out, held against the original, and, on the HTP, put to its compiler."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import onnx
from onnx import helper, numpy_helper

from benchmarks.rewrite.tried import TARGETS, Standing, Step, Where, bindings_of, drawn, standing_of
from edgeplan.api import analyze
from edgeplan.surgery.rewriting import rewrite_model
from edgeplan.target import Target
from edgeplan.verify.hearing import Hearing
from edgeplan.verify.prepare import prepare
from edgeplan.verify.referees import load_referee
from edgeplan.verify.stand_in import stand_in

__all__ = ["CASES", "Case", "Heard", "Named", "named"]

_A16, _A12, _ORT, _QNN, _, _SNPE, _LITERT, *_ = TARGETS


@dataclass(frozen=True, slots=True)
class Case:
    """A model on a target, and what about it is to be cured.

    `inputs` are bound instead of the model's usual sizes. `loose` plans the file as it is at first, with nothing bound;
    `cut` makes a model of its own of what the host runs; `referee` is asked about both models. With `nms` a
    NonMaxSuppression is put behind the boxes first, as exporters of YOLO do when they are asked to.
    """

    key: str
    what: str
    model: str
    where: Where
    inputs: Mapping[str, Sequence[int]] = field(default_factory=dict)
    loose: bool = False
    cut: bool = False
    nms: bool = False
    referee: str = ""


CASES = (
    Case("ppocr-a12", "PP-OCR detection", "ch_PP-OCRv4_det_infer", _A12),
    Case("ppocr-a16", "PP-OCR detection", "ch_PP-OCRv4_det_infer", _A16),
    Case("ppocr-qnn", "PP-OCR detection", "ch_PP-OCRv4_det_infer", _QNN),
    Case("silero-coreml", "the `If` of Silero VAD", "silero_vad", _A16, loose=True),
    Case("silero-qnn", "the `If` of Silero VAD", "silero_vad", _QNN, loose=True),
    Case("swin-ort", "Swin's six axes", "swin_tiny_patch4_window7_224.ts", _ORT),
    Case("swin-snpe", "Swin's six axes", "swin_tiny_patch4_window7_224.ts", _SNPE),
    Case("swin-litert", "Swin's six axes", "swin_tiny_patch4_window7_224.ts", _LITERT),
    Case(
        "swin-qnn", "Swin's six axes", "swin_tiny_patch4_window7_224.ts", _QNN,
        referee="qnn-htp",
    ),
    Case("deeplab-a12", "dilated DeepLab", "deeplabv3_resnet50.ts", _A12),
    Case("deeplab-a16", "dilated DeepLab", "deeplabv3_resnet50.ts", _A16),
    Case("yolo-coreml", "YOLO with NMS", "yolov8n.ts", _A16, cut=True, nms=True),
    Case("yolo-qnn", "YOLO with NMS", "yolov8n.ts", _QNN, cut=True, nms=True),
    Case("ssd-coreml", "NMS of an SSD", "ssd_resnet18_nms.ts", _A16, cut=True),
    Case("ssd-qnn", "NMS of an SSD", "ssd_resnet18_nms.ts", _QNN, cut=True),
)  # fmt: skip


class Heard(msgspec.Struct, frozen=True):
    """What a compiler said of a model: ops it left to the processor, parts on the accelerator, bytes it reads."""

    status: str
    off: int
    parts: int
    read: int | None


class Named(msgspec.Struct, frozen=True):
    """What came of a case. `checked` says how the whole models compare; `heard` are the compiler's words on both."""

    key: str
    what: str
    model: str
    where: str
    command: str
    seconds: float
    ops: tuple[int, int] = (0, 0)
    before: Standing | None = None
    after: Standing | None = None
    steps: tuple[Step, ...] = ()
    host: int = 0
    handed: int = 0
    checked: str = ""
    heard: tuple[Heard, ...] = ()
    error: str = ""


def named(case: Case, path: Path, python: Path | None) -> Named:
    """Rewrite a case's model, compare the whole, and ask the referee where there is a `python` that has it."""
    started = time.process_time()
    dims, inputs, values = bindings_of(path)
    if case.inputs:
        dims, inputs, values = {}, dict(case.inputs), {}
    command = _command(case, path, dims, inputs, values)
    target = case.where.target()
    with TemporaryDirectory() as folder:
        place = Path(folder) / "new.onnx"
        try:
            source = drawn(path, Path(folder))
            if case.nms:
                source = _with_nms(source, Path(folder) / f"nms-{path.name}")
            found = rewrite_model(source, target, output=place, cut=case.cut, dims=dims, inputs=inputs, values=values)
        except Exception as e:  # a defect: the page has to show it beside the other cases
            said = f"{type(e).__name__}: {e}"
            return Named(
                case.key, case.what, path.stem, case.where.name, command, time.process_time() - started, error=said
            )
        heard: tuple[Heard, ...] = ()
        if case.referee and python is not None and place.is_file():
            heard = _hear(source, case.referee, target, python, inputs), _hear(place, case.referee, target, python, {})
    assert found.plans is not None
    one = found.comparison
    checked = "not compared"
    if one is not None:
        weights = ", random weights" if source != path else ""
        checked = f"{one.worst:.0e} in {one.runs} runs{weights}" if one.equal else f"not compared: {one.why}"
    first = found.plans[0]
    if case.loose:
        first = analyze(path, target)
    return Named(
        case.key,
        case.what,
        path.stem,
        case.where.name,
        command,
        time.process_time() - started,
        (found.ops_before, found.ops_after),
        standing_of(first),
        standing_of(found.plans[1]),
        tuple(
            Step(a.rewrite, a.sites, a.why, tuple((c.code, c.row, c.ops, c.left) for c in a.cures)) for a in found.steps
        ),
        len(found.host.ops) if found.host is not None and found.host.cut else 0,
        len(found.host.boundary) if found.host is not None else 0,
        checked,
        heard,
    )


def _with_nms(path: Path, place: Path) -> Path:
    """A YOLO whose one output is 1 x (4 + classes) x boxes, with a NonMaxSuppression behind it."""
    model = onnx.load(path)
    graph = model.graph
    found = graph.output[0]
    channels, boxes = (d.dim_value for d in found.type.tensor_type.shape.dim[1:])
    for name, array in (("four", [4, channels - 4]), ("most", [100]), ("overlap", [0.5]), ("least", [0.25])):
        kind = np.int64 if isinstance(array[0], int) else np.float32
        graph.initializer.append(numpy_helper.from_array(np.array(array, kind), name))
    graph.node.extend(
        [
            helper.make_node("Split", [found.name, "four"], ["corners", "scores"], name="split", axis=1),
            helper.make_node("Transpose", ["corners"], ["boxes"], name="turn", perm=[0, 2, 1]),
            helper.make_node(
                "NonMaxSuppression", ["boxes", "scores", "most", "overlap", "least"], ["chosen"],
                name="nms", center_point_box=1,
            ),
        ]
    )  # fmt: skip
    made = [("boxes", [1, boxes, 4]), ("scores", [1, channels - 4, boxes])]
    del graph.output[:]
    graph.output.extend(helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, shape) for n, shape in made)
    graph.output.append(helper.make_tensor_value_info("chosen", onnx.TensorProto.INT64, ["found", 3]))
    onnx.save(model, place)
    return place


def _command(
    case: Case,
    path: Path,
    dims: Mapping[str, int],
    inputs: Mapping[str, Sequence[int]],
    values: Mapping[str, float],
) -> str:
    said = f"edgeplan rewrite {path.name} {case.where.options}"
    said += "".join(f" --dim {n}={d}" for n, d in dims.items())
    said += "".join(f" --input {n}={'x'.join(map(str, s))}" for n, s in inputs.items())
    said += "".join(f" --value {n}={v:g}" for n, v in values.items())
    return said + (" --cut-host" if case.cut else "") + " -o new.onnx"


def _hear(path: Path, name: str, target: Target, python: Path, inputs: Mapping[str, Sequence[int]]) -> Heard:
    """What a referee says of a model."""
    referee = load_referee(name)
    where = stand_in(target, referee)
    if isinstance(where, str):
        raise ValueError(where)
    with TemporaryDirectory() as place:
        folder = Path(place)
        hearing = Hearing(prepare(path, folder, {}, inputs, {}), folder, {"": python}, None)
        found = hearing.hear(referee, where)
    if isinstance(found, str):
        raise ValueError(found)
    said = found.answer.said
    facts = {f.name: f.value for f in said.facts}
    off = sum(n.unit == "cpu" for n in said.nodes)
    return Heard(found.answer.status.value, off, said.partitions.get("htp", 0), facts.get("ddr-read"))
