"""The table: what each scheme makes of a model, what is told of its time, which schemes are named, what bounds do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from edgeplan.compression.choice import Bounds, Choice
from edgeplan.compression.errors import Errors
from edgeplan.compression.picks import Gain, gain_of, picks_of
from edgeplan.compression.table import Compression, LayerError, compression_table
from edgeplan.cost.estimate import Estimate
from edgeplan.frontends.onnx import parse_text
from edgeplan.lower.scheme import parse_scheme
from edgeplan.memory.range import Range
from edgeplan.summary import UnitShare
from edgeplan.target import Target, resolve
from tests.conftest import PutRows

Toy = Callable[..., Target]
ToySpeeds = Callable[..., None]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
SCHEMES = ("fp32", "fp16", "w8", "w8-tensor", "w8a8", "w4", "w4-block32", "palette4", "bf16")

# Of 256 x 256 weights and 8 x 8, the one product waits for its weights.
TWO = """g (float[1,256] x) => (float[1,8] z) <float[256,256] w, float[256,8] v> {
    [first] y = MatMul (x, w) [second] z = MatMul (y, v)
}"""
BUSY = "g (float[4096,256] x) => (float[4096,256] y) <float[256,256] w> { [first] y = MatMul (x, w) }"
FAST = {"floor": 1, "launch": {"*": 1}}
CPU = {"unit": ["cpu"], "gmacs": {"*": 1}}


def weights(text: str) -> str:
    """The text with its initializers made by ConstantOfShape, which need no values."""
    head, _, rest = text.partition("<")
    given, _, body = rest.partition("> {")
    made, shapes = [], []
    for one in given.split(", "):
        kind, name = one.split(" ")
        sizes = kind[kind.index("[") + 1 : -1].split(",")
        shapes.append(f"int64[{len(sizes)}] s{name} = {{{', '.join(sizes)}}}")
        made.append(f"{name} = ConstantOfShape (s{name})")
    return f"{head}<{', '.join(shapes)}> {{ {' '.join(made)} {body}"


@pytest.fixture
def table(toy: Toy, toy_speeds: ToySpeeds, put_rows: PutRows) -> Callable[..., Compression]:
    put_rows()
    floats, integers = FAST | {"precision": ["float32", "float16"]}, FAST | {"precision": ["int8"], "gmacs": {"*": 400}}
    toy_speeds(floats, integers, CPU)

    def make(text: str = TWO, schemes: Sequence[str] = SCHEMES, **more: object) -> Compression:
        found = parse_text(weights(text))
        return compression_table(found, toy(ALL_RUN), schemes=[parse_scheme(s) for s in schemes], **more)

    return make


def of(found: Compression, scheme: str) -> Choice:
    choice = found.choice(scheme)
    assert choice is not None
    return choice


def test_a_choice_has_its_size_memory_units_and_layers(table: Callable[..., Compression]) -> None:
    found = table()
    floats, bytes_ = of(found, "fp32"), of(found, "w8")
    assert found.reference is not None
    assert found.choices[found.reference] is floats
    assert floats.download == floats.weights_memory == Range.exactly(4 * (256 * 256 + 256 * 8))
    assert bytes_.layers == 2
    assert bytes_.download is not None
    assert floats.download is not None
    assert bytes_.download.likely < 0.27 * floats.download.likely
    assert bytes_.memory is not None
    assert floats.memory is not None
    assert bytes_.memory.likely < floats.memory.likely
    assert [u.unit for u in bytes_.units if u.ops] == ["npu"]


def test_what_is_not_taken_or_not_known_has_a_reason_and_no_figures(table: Callable[..., Compression]) -> None:
    found = table()
    for scheme, verdict, why in (
        ("palette4", "cannot", "It has no palettes."),
        ("bf16", "unknown", "no row says whether Toy takes bf16"),
    ):
        choice = of(found, scheme)
        assert (choice.verdict, choice.why) == (verdict, why)
        assert choice.download is choice.memory is choice.latency is None
        assert not choice.runs


def test_floats_are_taken_whatever_the_rows_say(table: Callable[..., Compression], put_rows: PutRows) -> None:
    put_rows("")
    found = table()
    assert [c.scheme for c in found.choices if c.runs] == ["fp32"]
    assert found.gain is Gain.NONE


def test_units_that_do_not_take_a_scheme_are_not_used(table: Callable[..., Compression]) -> None:
    choice = of(table(), "w4")
    assert choice.verdict == "degrades"
    assert [u.unit for u in choice.units if u.ops] == ["cpu"]


def test_layers_that_a_scheme_leaves_are_named(table: Callable[..., Compression]) -> None:
    choice = of(table(TWO.replace("256,256", "256,8").replace("256,8] v", "8,8] v")), "w8")
    (skip,) = choice.skipped
    assert skip.layer.op == "second"
    assert skip.reason == "64 elements, fewer than 100"
    assert choice.layers == 1


def test_a_scheme_that_applies_to_no_layer_is_not_taken(table: Callable[..., Compression]) -> None:
    choice = of(table("g (float[1,4] x) => (y) <float[4,8] w> { y = MatMul (x, w) }"), "w8")
    assert choice.verdict == "cannot"
    assert choice.why == "it applies to no layer: 32 elements, fewer than 100"


@pytest.mark.parametrize("name", ["first", "w"])
def test_a_layer_may_be_kept_by_its_op_or_its_weight(table: Callable[..., Compression], name: str) -> None:
    found = table(keep=[name])
    kept, all_ = of(found, "w8"), of(table(), "w8")
    assert [(s.layer.op, s.reason) for s in kept.skipped] == [("first", "kept as asked")]
    assert kept.download is not None
    assert all_.download is not None
    assert kept.download.likely > 2 * all_.download.likely


def test_floats_stay_though_every_layer_is_kept(table: Callable[..., Compression]) -> None:
    found = table(keep=["first", "second"])
    assert of(found, "fp32").skipped == ()
    assert of(found, "fp32").download == of(table(), "fp32").download
    assert of(found, "w8").why == "it applies to no layer: kept as asked"


def test_a_layer_that_is_not_there_cannot_be_kept(table: Callable[..., Compression]) -> None:
    with pytest.raises(LayerError, match="no layer 'third'"):
        table(keep=["third"])


def test_weights_alone_take_what_was_measured(table: Callable[..., Compression]) -> None:
    waiting, busy = table(), table(BUSY)
    for found, times, why in (
        (waiting, (0.4, 0.5, 0.6), "Half the time where it waits for weights."),
        (busy, (1, 1, 1), "The NPU expands weights first."),
    ):
        choice, floats = of(found, "w8"), of(found, "fp32")
        assert choice.times is not None
        assert choice.latency is not None
        assert floats.latency is not None
        assert (choice.times.low, choice.times.likely, choice.times.high) == times
        assert choice.latency.likely == pytest.approx(times[1] * floats.latency.likely)
        assert choice.latency_why == why


def test_weights_alone_that_nobody_measured_have_no_time(table: Callable[..., Compression]) -> None:
    choice = of(table(BUSY), "w8-tensor")
    assert choice.latency is None
    assert choice.latency_why == "nobody has published what such weights take on the NPU beside floats"


def test_quantised_activations_take_what_the_plan_says(table: Callable[..., Compression]) -> None:
    found = table(BUSY)
    choice, floats = of(found, "w8a8"), of(found, "fp32")
    assert choice.latency is not None
    assert floats.latency is not None
    assert choice.latency.likely < 0.5 * floats.latency.likely
    assert choice.times is not None
    assert choice.times.likely == pytest.approx(choice.latency.likely / floats.latency.likely)


def test_findings_say_what_dominates_and_what_is_not_faster(table: Callable[..., Compression]) -> None:
    assert {f.code for f in table().findings} == {"EP601"}
    (finding,) = (f for f in table(BUSY).findings if f.code == "EP603")
    assert finding.message == "w8 is no faster here: The NPU expands weights first."
    assert [e.key for e in finding.evidence] == ["rumour"]


def test_a_model_without_weights_of_floats_is_said_so(table: Callable[..., Compression], toy: Toy) -> None:
    graph = parse_text("g (float[4] x) => (y) { y = Relu (x) }")
    found = compression_table(graph, toy(ALL_RUN))
    assert (found.choices, found.reference) == ((), None)
    assert found.why == "it has no weights of floats to compress"


ERRORS = {"w8": Errors({"w": 40.0, "v": 30.0}, 35.0, 30.0, "v"), "fp32": Errors({"w": float("inf")}, 9, 9, "w")}


def test_errors_are_those_of_the_layers_that_are_compressed(table: Callable[..., Compression]) -> None:
    found = table(errors=ERRORS)
    assert of(found, "w8").error == ERRORS["w8"]
    assert of(found, "fp32").error is None
    kept = of(table(errors=ERRORS, keep=["second"]), "w8")
    assert kept.error == Errors({"w": 40.0}, 40.0, 40.0, "w")


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (Bounds(size=10_000), "67.0 KiB to download, the budget is 9.8 KiB"),
        (Bounds(memory=1000), "of memory, the budget is 1000 B"),
        (Bounds(latency=1e-6), "the budget is 1.00 us"),
        (Bounds(snr=31), "the weights of 'v' keep 30.0 dB, the least is 31 dB"),
    ],
    ids=["size", "memory", "latency", "snr"],
)
def test_bounds_that_are_not_kept_are_told(table: Callable[..., Compression], bounds: Bounds, said: str) -> None:
    found = table(errors=ERRORS, bounds=bounds)
    (over,) = of(found, "w8").over
    assert said in over
    assert of(found, "w8") not in found.kept()
    assert all(found.choices[p.choice].scheme != "w8" for p in found.picks)


def test_an_error_that_is_not_known_keeps_no_bound(table: Callable[..., Compression]) -> None:
    found = table(bounds=Bounds(snr=20))
    assert of(found, "w8").over == ("what its weights keep is not known, the least is 20 dB",)
    assert of(found, "fp32").over == of(found, "fp16").over == ()


def test_bounds_that_are_kept_are_not_told(table: Callable[..., Compression]) -> None:
    found = table(errors=ERRORS, bounds=Bounds(10**6, 10**9, 1.0, 30))
    assert of(found, "w8").over == ()


def choice(
    scheme: str, size: int, ms: float | None = None, times: tuple[float, float, float] = (1, 1, 1),
    snr: float | None = None, worst: float | None = None, held: int | None = None, accelerated: float = 1.0,
) -> Choice:  # fmt: skip
    error = None if snr is None else Errors({"w": snr}, snr, snr if worst is None else worst, "w")
    unit = UnitShare("npu", "NPU", True, 1, 1, 1, accelerated, 1.0)
    return Choice(
        scheme, "takes", "", (), 1, (), Range.exactly(size), Range.exactly(size),
        Range.exactly(size if held is None else held), (unit,),
        None if ms is None else Estimate(0.9 * ms, ms, 1.1 * ms, ""), "",
        None if ms is None else Estimate(*times, ""), error,
    )  # fmt: skip


FLOATS = choice("fp16", 1000, 10)


def named(*choices: Choice) -> dict[str, str]:
    return {p.role: choices[p.choice].scheme for p in picks_of(choices, FLOATS)}


def test_the_fastest_the_smallest_and_the_safest_are_named() -> None:
    fast = choice("w8a8", 500, 5, (0.4, 0.5, 0.6), 40)
    small, safe = choice("palette6", 380, snr=31), choice("w8", 500, snr=42)
    assert named(fast, small, safe) == {"fastest": "w8a8", "smallest": "palette6", "safest": "w8"}


@pytest.mark.parametrize(
    "bad",
    [
        choice("palette4", 250, snr=19),
        choice("w8-tensor", 250, snr=36, worst=13),
        choice("palette2", 120),
        choice("sparse90", 100, 5, (0.4, 0.5, 0.6)),
        choice("w8", 950, snr=42),
        choice("w8a16", 250, snr=42, accelerated=0.5),
    ],
    ids=["error", "worst error", "bits", "zeros", "size", "accelerator"],
)
def test_what_costs_accuracy_or_the_accelerator_is_not_named(bad: Choice) -> None:
    assert named(bad) == {}
    assert gain_of([bad], FLOATS) is Gain.NONE


def test_bits_tell_what_is_safe_where_no_error_is_known() -> None:
    assert named(choice("w8a8", 500), choice("w8-tensor", 500), choice("w8", 500)) == {
        "smallest": "w8a8", "safest": "w8",
    }  # fmt: skip


def test_what_is_hardly_smaller_is_not_named_again() -> None:
    fast = choice("w8a8", 500, 5, (0.4, 0.5, 0.6))
    assert "smallest" not in named(fast, choice("palette8", 490))
    assert named(fast, choice("palette6", 380))["smallest"] == "palette6"


@pytest.mark.parametrize(
    ("found", "gain"),
    [
        (choice("w8a8", 500, 5, (0.4, 0.5, 0.6)), Gain.FASTER),
        (choice("w8a8", 500, 9, (0.8, 0.9, 0.95)), Gain.LIKELY_FASTER),
        (choice("w8a8", 500, 7, (0.5, 0.7, 1.1)), Gain.PERHAPS_FASTER),
        (choice("w8a8", 500, 9, (0.5, 0.9, 1.1)), Gain.SMALLER),
        (choice("w8", 500), Gain.SMALLER),
        (choice("w8", 500, held=1000), Gain.DOWNLOAD),
        (choice("w8", 901), Gain.NONE),
    ],
)
def test_the_gain_in_a_word(found: Choice, gain: Gain) -> None:
    assert gain_of([found], FLOATS) is gain


@pytest.mark.parametrize(("release", "expands"), [("iOS 16", True), ("iOS 17", False)])
def test_ios_16_expands_what_it_loads(release: str, expands: bool) -> None:
    """A layer of ResNet50's last stage on an iPhone 14 Pro: as small to download, as large in memory."""
    text = """g (float[1,2048,7,7] x) => (y) <int64[4] s = {512,2048,1,1}> {
        w = ConstantOfShape (s) a = Conv (x, w) y = Relu (a)
    }"""
    found = compression_table(parse_text(text), resolve("iphone14pro", "coreml", release))
    floats, palette = of(found, "fp16"), of(found, "palette4")
    assert floats.weights_memory is not None
    assert palette.weights_memory is not None
    assert palette.download is not None
    assert floats.download is not None
    assert 3.5 * palette.download.likely < floats.download.likely
    ratio = palette.weights_memory.likely / floats.weights_memory.likely
    assert (ratio > 0.99) if expands else (ratio < 0.3)
    assert (found.gain is Gain.DOWNLOAD) is expands
    assert palette.weights_memory.high >= 0.99 * floats.weights_memory.likely


def test_every_scheme_of_every_backend_is_planned() -> None:
    """No scheme fails on any backend that plans models."""
    graph = parse_text(weights(TWO))
    for device, backend in (
        ("iphone15pro", "coreml"), ("iphone15pro", "onnxruntime-coreml"), ("galaxys24", "qnn"), ("pixel8", "tflite"),
        ("jetson-orin-nano", "tensorrt"),
    ):  # fmt: skip
        found = compression_table(graph, resolve(device, backend))
        assert len(found.choices) > 30
        assert any(c.runs and c.download is not None and c.scheme != "fp32" for c in found.choices), backend
