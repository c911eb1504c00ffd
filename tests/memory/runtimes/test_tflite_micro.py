from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import edgeplan
from edgeplan.capability.rows import load_backend
from edgeplan.devices import Chip, ChipUnit, Device, Span
from edgeplan.frontends import load_model
from edgeplan.graph import Attr, Body, DType, Graph, Op, Value
from edgeplan.memory.arena import Arena
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.overlap import overlaps
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.runtimes import profile_of
from edgeplan.memory.runtimes.tflite_micro import FLASH
from edgeplan.memory.runtimes.tflite_micro.geometry import geometry
from edgeplan.memory.runtimes.tflite_micro.head import head
from edgeplan.memory.runtimes.tflite_micro.kernels import Library, library, requests
from edgeplan.memory.runtimes.tflite_micro.machine import HOST
from edgeplan.memory.runtimes.tflite_micro.tail import planning, tail
from edgeplan.target import Budget, Target, Unit

JARVIS = Path(__file__).resolve().parents[3] / "samples" / "hey_jarvis.tflite"


def graph(
    values: dict[str, tuple[int, ...] | Value],
    *ops: Op,
    inputs: tuple[str, ...] = ("x",),
    outputs: tuple[str, ...] = ("y",),
) -> Graph:
    """A TFLite graph; a shape stands for a tensor of float32."""
    made = {n: v if isinstance(v, Value) else Value(n, DType.FLOAT32, v) for n, v in values.items()}
    return Graph("g", "tflite", ops, made, inputs, outputs)


def op(kind: str, reads: str, makes: str, ports: str = "", bodies: tuple[Body, ...] = (), **attrs: Attr) -> Op:
    names = tuple(reads.split())
    given = tuple(ports.split()) or tuple(f"in{i}" for i in range(len(names)))
    return Op(makes.split()[0] if makes else kind, kind, names, given, tuple(makes.split()), attrs, bodies=bodies)


def weight(name: str, *shape: int, dtype: DType = DType.INT8, quantization: str = "per-channel") -> Value:
    return Value(name, dtype, shape, True, None, quantization)


def tensor(name: str, *shape: int, dtype: DType = DType.INT8) -> Value:
    return Value(name, dtype, shape, False, None, "per-tensor" if dtype is DType.INT8 else "")


def at(arena: Arena) -> dict[str, int]:
    """Value to its offset."""
    return {b.value: offset for b, offset in zip(arena.buffers, arena.offsets, strict=True)}


def lives(arena: Arena) -> dict[str, tuple[int, int, int]]:
    return {b.value: (b.born, b.dies, b.size) for b in arena.buffers}


def deploy(model: Graph, *features: str, file_bytes: int | None = None) -> Deployment:
    """A graph on a board whose CPU has these features."""
    backend = load_backend("tflite-micro")
    chip = Chip("C", {"cpu": ChipUnit({}, features=features)})
    device = Device("d", "D", "boards", "c", chip, {backend.name: Span()}, (), (), {})
    unit = Unit("cpu", "cpu", False, "", features, "cpu")
    target = Target(device, backend, backend.newest, (unit,), "model", Budget(None, None, None, "", ""))
    return Deployment(model, target, ("cpu",) * len(model.ops), (), file_bytes)


def sizes(plan: MemoryPlan) -> dict[str, int]:
    return {t.name: t.size.likely for t in plan.terms}


def asked(model: Graph, used: Library = "reference") -> list[int | None]:
    return [size for o in model.ops for size in requests(model, o, 4, used)]


def test_an_input_is_free_once_it_was_read_and_nothing_is_written_in_place() -> None:
    made = graph(
        {"x": (4,), "a": (4,), "b": (4,), "y": (4,)}, op("RELU", "x", "a"), op("RELU", "a", "b"), op("RELU", "b", "y")
    )
    arena = head(made).arena
    assert lives(arena) == {"x": (0, 0, 16), "a": (0, 1, 16), "b": (1, 2, 16), "y": (2, 2, 16)}
    assert arena.size == 32


def test_a_view_has_a_buffer_of_its_own() -> None:
    made = graph({"x": (4, 4), "y": (16,)}, op("RESHAPE", "x", "y"))
    assert head(made).arena.size == 2 * 64


def test_an_output_lives_to_the_end() -> None:
    made = graph(
        {"x": (4,), "y": (4,), "a": (4,), "z": (4,)},
        op("RELU", "x", "y"),
        op("RELU", "x", "a"),
        op("RELU", "a", "z"),
        outputs=("y", "z"),
    )
    assert lives(head(made).arena)["y"] == (0, 2, 16)


def test_of_tensors_of_one_size_the_last_in_the_file_is_placed_first() -> None:
    split = op("SPLIT", "x", "y z")
    forward = graph({"x": (4,), "y": (4,), "z": (4,)}, split, outputs=("y", "z"))
    backward = graph({"z": (4,), "y": (4,), "x": (4,)}, split, outputs=("y", "z"))
    assert at(head(forward).arena) == {"z": 0, "y": 16, "x": 32}
    assert at(head(backward).arena) == {"x": 0, "y": 16, "z": 32}


def test_a_tensor_goes_into_the_lowest_gap_and_not_into_the_smallest() -> None:
    shapes = {"x": (4,), "a": (48,), "b": (44,), "c": (36,), "d": (32,), "y": (28,)}
    model = graph(shapes, op("SPLIT", "x", "a b c d"), op("JOIN", "b d", "y"))
    found = at(head(model).arena)
    assert (found["a"], found["b"], found["c"], found["d"]) == (0, 192, 368, 512)
    assert found["y"] == 0  # where a was, 192 bytes wide, though the 144 of c would do


def test_a_tensor_that_the_file_has_contents_for_is_not_planned() -> None:
    stored = Value("s", DType.INT32, (4,), True)
    model = graph(
        {"x": (4,), "s": stored, "s/computed": Value("s/computed", DType.INT32, (4,)), "y": (4,)},
        op("SHAPE", "x", "s/computed"),
        op("RESHAPE", "x s", "y"),
    )
    assert set(at(head(model).arena)) == {"x", "y"}


def test_a_size_that_is_not_known_is_named() -> None:
    model = graph(
        {"x": Value("x", DType.FLOAT32, ("n", 4)), "y": (4,)},
        op("RELU", "x", "y"),
    )
    assert head(model).unsized == ("x",)


def test_a_mean_asks_for_an_index_and_its_axes_and_an_integer_one_for_sums() -> None:
    axis = Value("axis", DType.INT32, (2,), True)
    floats = graph({"x": (1, 4, 4, 8), "axis": axis, "y": (1, 8)}, op("MEAN", "x axis", "y"))
    integers = graph({"x": tensor("x", 1, 4, 4, 8), "axis": axis, "y": tensor("y", 1, 8)}, op("MEAN", "x axis", "y"))
    assert asked(floats) == [16, 8]
    assert asked(integers) == [32, 16, 8]
    assert [b.size for b in head(integers).arena.buffers if b.role == "scratch"] == [32, 16, 16]


@pytest.mark.parametrize(
    ("kind", "reads", "values", "expected"),
    [
        ("MIRROR_PAD", "x p", {"x": (2, 4), "p": Value("p", DType.INT32, (2, 2), True)}, [8, 8]),
        ("ADD_N", "x x x", {"x": (2, 4)}, [12]),
        ("CONV_2D", "x w", {"x": tensor("x", 1, 4, 4, 2), "w": weight("w", 3, 1, 1, 2, dtype=DType.INT4)}, [6]),
        ("CONV_2D", "x w", {"x": tensor("x", 1, 4, 4, 2), "w": weight("w", 3, 1, 1, 2)}, []),
        ("RELU", "x", {"x": (2, 4)}, []),
    ],
)
def test_what_reference_kernels_ask_for(
    kind: str, reads: str, values: dict[str, tuple[int, ...] | Value], expected: list[int]
) -> None:
    assert asked(graph({**values, "y": (2, 4)}, op(kind, reads, "y"))) == expected


def conv(kernel: int, channels: int, filters: int, *, stride: int = 1, size: int = 8, padding: str = "SAME") -> Graph:
    out = -(-size // stride) if padding == "SAME" else (size - kernel) // stride + 1
    return graph(
        {
            "x": tensor("x", 1, size, size, channels),
            "w": weight("w", filters, kernel, kernel, channels),
            "y": tensor("y", 1, out, out, filters),
        },
        op("CONV_2D", "x w", "y", "input filter", padding=padding, stride_h=stride, stride_w=stride),
    )


def depthwise(kernel: int, channels: int, *, size: int = 8) -> Graph:
    return graph(
        {
            "x": tensor("x", 1, size, size, channels),
            "w": weight("w", 1, kernel, kernel, channels),
            "y": tensor("y", 1, size, size, channels),
        },
        op("DEPTHWISE_CONV_2D", "x w", "y", "input filter", padding="SAME", stride_h=1, stride_w=1),
    )


@pytest.mark.parametrize(
    ("model", "used", "expected"),
    [
        (conv(3, 8, 4), "cmsis-nn", [2 * 72 * 2]),
        (conv(3, 3, 4), "cmsis-nn-dsp", [2 * 28 * 2]),  # 27 to a multiple of four
        (conv(1, 8, 4), "cmsis-nn", []),
        (depthwise(5, 8), "cmsis-nn-dsp", [25 * 8 * 2]),
        (depthwise(5, 8), "cmsis-nn", []),
        (depthwise(3, 8), "cmsis-nn-dsp", []),
        (conv(1, 8, 4), "esp-nn-s3", [8 * 4 + 2 * 8 * 8 + 64]),
        (conv(1, 8, 4), "esp-nn", []),
        (conv(3, 16, 4), "esp-nn-s3", [10 * 10 * 16 + 9 * 16 * 4 + 48 * 3 * 4 + 10 * 10 * 16 + 64 + 4 * 4]),
        (conv(3, 3, 4), "esp-nn-s3", [4 * 4 + 16 + 4 * 32 + 16 + 32 + 64]),  # a row of 9 bytes: windows are unrolled
        (depthwise(3, 16), "esp-nn-s3", [9 * 16 + 10 * 10 * 16 + 16]),
        (depthwise(5, 8), "esp-nn-s3", [2 * (25 * 8 + 64 * 8) + 32]),
    ],
)
def test_what_the_chips_own_kernels_ask_for(model: Graph, used: Library, expected: list[int]) -> None:
    assert asked(model, used) == expected


def test_the_padding_of_a_convolution_is_split_with_less_in_front() -> None:
    model = conv(3, 8, 4, stride=2)
    found = geometry(model, model.ops[0])
    assert found is not None
    assert (found.pad, found.made, found.window) == ((0, 0), (4, 4), 72)


def test_floats_run_on_the_reference_kernels_everywhere() -> None:
    model = graph(
        {"x": (1, 8, 8, 8), "w": weight("w", 4, 3, 3, 8, dtype=DType.FLOAT32), "y": (1, 8, 8, 4)},
        op("CONV_2D", "x w", "y", "input filter", padding="SAME", stride_h=1, stride_w=1),
    )
    assert asked(model, "cmsis-nn-dsp") == asked(model, "esp-nn-s3") == []


def test_the_library_is_what_the_chip_names() -> None:
    model = conv(3, 8, 4)
    assert library(deploy(model, "cmsis-nn-dsp").target) == "cmsis-nn-dsp"
    assert library(deploy(model).target) == "reference"
    plain, own = plan_memory(deploy(model)), plan_memory(deploy(model, "cmsis-nn-dsp"))
    assert sizes(own)["arena head"] - sizes(plain)["arena head"] == 288


def test_a_product_of_integers_and_a_lookup_keep_what_their_kernels_ask_for() -> None:
    def kept(kind: DType) -> int:
        values = {name: Value(name, kind, (1, 4, 4)) for name in "xzy"}
        return tail(graph(values, op("BATCH_MATMUL", "x z", "y", "x y", adj_y=True), inputs=("x", "z"))).data

    assert kept(DType.INT8) == kept(DType.FLOAT32) + 32  # seven numbers, rounded up
    looked_up = op("EMBEDDING_LOOKUP", "x t", "y", "ids value")
    assert tail(graph({"x": (1,), "t": (8, 4), "y": (1, 4)}, looked_up)).data == 16


def test_the_tail_grows_with_tensors_ops_and_channels() -> None:
    small, large = conv(1, 8, 4), conv(1, 8, 64)
    assert tail(large).data - tail(small).data == 2 * (64 - 4) * 4
    twice = graph({"x": (4,), "a": (4,), "y": (4,)}, op("NEG", "x", "a"), op("NEG", "a", "y"))
    once = graph({"x": (4,), "y": (4,)}, op("NEG", "x", "y"))
    assert tail(twice).tables - tail(once).tables == 12 + 32


def test_a_product_of_matrices_keeps_the_operand_it_turns() -> None:
    values = {"x": (2, 16), "z": Value("z", DType.FLOAT32, (16, 64), True), "y": (2, 64)}
    plain = graph(values, op("BATCH_MATMUL", "x z", "y", "x y"))
    turned = graph(values, op("BATCH_MATMUL", "x z", "y", "x y", adj_y=True))
    assert tail(plain).copies == 16 + 16 + 16 * 64 * 4
    assert tail(turned).copies == 0
    assert sizes(plan_memory(deploy(plain)))["turned operands"] == tail(plain).copies


def test_variables_last() -> None:
    model = graph({"x": (1, 4), "w": weight("w", 4, 4), "s": (1, 40), "y": (1, 4)}, op("SVDF", "x w w w s", "y"))
    assert tail(model).variables == 160
    assert "s" not in at(head(model).arena)


def branch(size: int) -> Body:
    inner = graph(
        {"i": (4,), "m": (size,), "o": (4,)}, op("RELU", "i", "m"), op("RELU", "m", "o"), inputs=("i",), outputs=("o",)
    )
    return Body("then", inner)


def test_what_a_body_holds_counts_while_its_op_runs() -> None:
    model = graph(
        {"c": (1,), "x": (4,), "y": (4,)},
        op("IF", "c x", "y", bodies=(branch(64), branch(128))),
        inputs=("c", "x"),
    )
    arena = head(model).arena
    assert overlaps(arena) == ()
    assert {b.role for b in arena.buffers} == {"activation", "body"}
    assert arena.size == 3 * 16 + 512 + 16  # condition, input, result; of the second body its widest step


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 4)), min_size=1, max_size=25), st.booleans())
def test_a_plan_is_valid_and_not_below_its_bound(chain: list[tuple[int, int]], integers: bool) -> None:
    """Each op reads the tensors made `back` ops ago, and makes one of its own size."""
    names = ["x"]
    values: dict[str, tuple[int, ...] | Value] = {"x": (8,)}
    ops: list[Op] = []
    for i, (size, back) in enumerate(chain):
        name = f"t{i}"
        values[name] = tensor(name, size * 16) if integers else (size * 4,)
        ops.append(op("RELU", names[-min(back, len(names))], name))
        names.append(name)
    arena = head(graph(values, *ops, outputs=(names[-1],))).arena
    assert overlaps(arena) == ()
    assert arena.size >= arena.bound
    assert arena.size == max(offset + b.size for offset, b in zip(arena.offsets, arena.buffers, strict=True))


def test_a_real_model_takes_what_the_recording_allocator_reported() -> None:
    """tflite_micro 0.dev20261023182759 on x86-64: head 3424, tail 16384, of which 416 its own list of variables; the
    smallest arena that it accepts has 20320."""
    model = load_model(JARVIS).graph
    found = head(model, HOST)
    assert found.arena.size == 3424
    kept = tail(model, HOST)
    assert kept.size + 480 + 416 == pytest.approx(16384, rel=0.02)
    assert planning(model, len(found.arena.buffers), HOST) + 16384 == pytest.approx(20320, rel=0.01)


def test_an_esp32_s3_takes_the_arena_that_the_model_states() -> None:
    """22860 bytes: tensor_arena_size in esphome/micro-wake-word-models, models/v2/hey_jarvis.json."""
    terms = {t.name: t.size for t in plan_memory(deploy(load_model(JARVIS).graph, "esp-nn-s3-2023")).terms}
    arena = terms["arena head"].likely + terms["arena tail"].likely + terms["variables"].likely
    assert arena == pytest.approx(22860, rel=0.01)


def test_the_head_is_a_range_where_older_kernels_ask_for_other_memory() -> None:
    newer, older = (head(conv(3, 16, 4), library=used).arena.size for used in ("esp-nn-s3", "esp-nn-s3-2023"))
    found = next(t for t in plan_memory(deploy(conv(3, 16, 4), "esp-nn-s3")).terms if t.name == "arena head")
    assert (found.size.low, found.size.likely, found.size.high) == (older, newer, newer)
    assert found.kind == "estimated"
    assert asked(conv(3, 16, 4), "esp-nn-s3-2023") == [10 * 10 * 16 + 9 * 16 * 4 + 32 + 4 * 4]
    assert asked(conv(1, 8, 4), "esp-nn-s3-2023") == [8 * 4 + 2 * 8 * 8 + 32]
    assert asked(depthwise(3, 16), "esp-nn-s3-2023") == [9 * 16 + 16 + 10 * 10 * 16]
    assert asked(depthwise(5, 8), "esp-nn-s3-2023") == [32]


def test_the_model_lies_in_flash_and_the_arena_in_ram() -> None:
    model = load_model(JARVIS).graph
    plan = plan_memory(deploy(model, "cmsis-nn-dsp", file_bytes=JARVIS.stat().st_size))
    flash = next(t for t in plan.terms if t.name == FLASH)
    assert (flash.holder, flash.size.likely) == ("flash", JARVIS.stat().st_size)
    named = sizes(plan)
    held = named["arena tail"] + named["variables"] + named["interpreter"]
    assert plan.run.likely == named["arena head"] + held
    assert plan.load.likely == named["planning the head"] + held
    assert plan.peak.low < plan.peak.likely < plan.peak.high


def test_without_a_file_flash_is_a_range_above_the_weights() -> None:
    plan = plan_memory(deploy(conv(3, 8, 4)))
    flash = next(t for t in plan.terms if t.name == FLASH)
    assert plan.weights < flash.size.low < flash.size.high


def test_the_backend_has_this_profile() -> None:
    assert profile_of("tflite-micro").pools is not profile_of("no-such-backend").pools


def test_a_file_runs_at_the_sizes_it_holds() -> None:
    plan = edgeplan.analyze(JARVIS, deploy(load_model(JARVIS).graph, "cmsis-nn-dsp").target)
    assert plan.complete


@pytest.mark.referee
def test_the_runtime_reports_the_head_that_is_planned(capfd: pytest.CaptureFixture[str]) -> None:
    runtime = pytest.importorskip("tflite_micro").runtime
    runtime.Interpreter.from_file(str(JARVIS), arena_size=1 << 20).print_allocations()
    said = "".join(capfd.readouterr())
    assert f"head {head(load_model(JARVIS).graph, HOST).arena.size} bytes" in said
