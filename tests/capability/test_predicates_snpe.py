"""The rows of SNPE by runtime and chipset, and the sizes at which its GPU conditions turn."""

from __future__ import annotations

from functools import lru_cache

import pytest

from edgeplan.capability.predicates import PREDICATES
from edgeplan.capability.predicates.snpe import CONVERTED
from edgeplan.capability.rows import load_backend
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Op, Value
from edgeplan.lower import lower_to
from edgeplan.place.support import Judge
from edgeplan.target import Target, resolve

QUANTISED = (
    '<ir_version: 10, opset_import: ["" : 19]> g (float[1,16,8,8] x) => (y) <float s = {0.1}, uint8 z = {1}> '
    "{ xq = QuantizeLinear (x, s, z) xd = DequantizeLinear (xq, s, z) t = Relu (xd) tq = QuantizeLinear (t, s, z) "
    "y = DequantizeLinear (tq, s, z) }"
)


@lru_cache(maxsize=4)
def target(device: str) -> Target:
    return resolve(device, "snpe", use=("gpu",))


def verdicts(text: str, kind: str, device: str = "snapdragon-8-gen-3") -> dict[str, str]:
    """The verdict of the op of a kind on each unit."""
    where = target(device)
    graph = lower_to(parse_text(text), "onnx", where.precision, where.backend.fusions(where.release))
    found = next(o for o in graph.ops if o.type == kind)
    support = Judge(where).support(graph, found)
    return {u.name: s.verdict.value for u, s in zip(where.units, support, strict=True)}


@pytest.mark.parametrize(
    ("text", "kind", "htp", "gpu", "cpu"),
    [
        ("g (float[1,8] x) => (y) { y = Relu (x) }", "Relu", "runs", "runs", "runs"),
        ("g (float[1,8] x) => (y) { y = Softplus (x) }", "Softplus", "refuses", "refuses", "runs"),
        ("g (float[1,8] x) => (y) { y = Asin (x) }", "Asin", "refuses", "refuses", "runs"),
        ("g (float[1,8] x) => (y) { y = Erf (x) }", "Erf", "refuses", "refuses", "refuses"),
        ("g (float[1,4,8,8,8] x) => (y) { y = GlobalMaxPool (x) }", "GlobalMaxPool", "refuses", "refuses", "runs"),
        ("g (float[1,4,8,8] x) => (y) { y = GlobalMaxPool (x) }", "GlobalMaxPool", "runs", "runs", "runs"),
        (
            "g (float[1,4,8,8] x) => (y) <float[4] s = {1,1,2,2}> { y = Resize (x, , s) }",
            "Resize",
            "runs",
            "runs",
            "runs",
        ),
        (
            'g (float[1,4,8,8] x) => (y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "cubic"> (x, , s) }',
            "Resize",
            "runs",
            "refuses",
            "runs",
        ),
    ],
)
def test_a_runtime_has_the_layer_or_not(text: str, kind: str, htp: str, gpu: str, cpu: str) -> None:
    assert verdicts(text, kind) == {"htp": htp, "gpu": gpu, "cpu": cpu}


def test_erf_is_taken_inside_gelu() -> None:
    text = (
        "g (float[1,8] x) => (y) <float r = {1.41421356}, float o = {1}, float h = {0.5}> "
        "{ d = Div (x, r) e = Erf (d) a = Add (e, o) m = Mul (x, a) y = Mul (m, h) }"
    )
    assert verdicts(text, "Gelu")["htp"] == "runs"


@pytest.mark.parametrize(
    ("device", "text", "said"),
    [
        ("snapdragon-8-gen-3", "g (float[1,16,8,8] x) => (y) { y = Relu (x) }", "runs"),
        ("snapdragon-778g", "g (float[1,16,8,8] x) => (y) { y = Relu (x) }", "refuses"),
        ("snapdragon-778g", QUANTISED, "runs"),
    ],
)
def test_floats_need_fp16_on_the_chipset(device: str, text: str, said: str) -> None:
    assert verdicts(text, "Relu", device)["htp"] == said


def test_every_converted_op_has_a_verdict_on_every_unit() -> None:
    backend = load_backend("snpe")
    for unit in backend.units:
        named = {op for row in backend.rows if unit in row.unit and row.id != "not-converted" for op in row.ops}
        assert named >= CONVERTED, f"{unit}: {sorted(CONVERTED - named)}"


def value(*shape: int | str | None) -> Value:
    return Value("x", DType.FLOAT32, shape)


def op(kind: str, **attrs: object) -> Op:
    return Op("op", kind, (), ("X", "W"), ("y",), attrs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "asked", "inputs", "truth"),
    [
        ("fills_gpu_image", op("Relu"), (value(1, 256, 8, 256),), False),
        ("fills_gpu_image", op("Relu"), (value(1, 256, 8, 257),), True),
        ("fills_gpu_image", op("Relu"), (value(1, 257, 8, 252),), False),
        ("fills_gpu_image", op("Relu"), (value(1, "C", 8, 8),), None),
        ("kernel_too_large_for_image", op("Conv"), (value(1, 4, 99, 99), value(4, 4, 64, 64)), False),
        ("kernel_too_large_for_image", op("Conv"), (value(1, 4, 99, 99), value(4, 4, 65, 64)), True),
        ("kernel_too_large_for_image", op("Conv"), (value(1, 4, 99, 99), value(65540, 4, 1, 1)), True),
        ("groups_off_packed_channels", op("Conv", group=2), (value(1, 4, 8, 8), value(8, 2, 3, 3)), False),
        ("groups_off_packed_channels", op("Conv", group=2), (value(1, 4, 8, 8), value(10, 2, 3, 3)), True),
        ("groups_off_packed_channels", op("Conv", group=6), (value(1, 6, 8, 8), value(6, 1, 3, 3)), False),
        ("strides_past_kernel", op("ConvTranspose", strides=(2, 2)), (value(1, 4, 8, 8), value(4, 4, 2, 2)), False),
        ("strides_past_kernel", op("ConvTranspose", strides=(3, 2)), (value(1, 4, 8, 8), value(4, 4, 2, 2)), True),
        ("activates_otherwise", op("LSTM", activations=("Sigmoid", "Tanh", "Tanh") * 2), (value(1),), False),
        ("activates_otherwise", op("GRU", activations=("Relu", "Tanh")), (value(1),), True),
    ],
)
def test_sizes_at_which_a_condition_turns(name: str, asked: Op, inputs: tuple[Value, ...], truth: bool | None) -> None:
    assert PREDICATES[name](asked, inputs, (value(1, 4, 8, 8),)) is truth
