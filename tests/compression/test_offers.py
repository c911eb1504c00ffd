from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeplan.capability.rows import Backend, RulesError, load_backend
from edgeplan.compression import rows
from edgeplan.compression.offers import Offer, offers
from edgeplan.lower.scheme import SCHEMES, parse_scheme
from edgeplan.target import Unit, resolve
from tests.conftest import ToyBackend

ROWS = """
[[scheme]]
names  = ["w8", "palette?"]
since  = "2"
units  = ["gpu", "npu"]
min_elements = 100
ops    = ["Conv"]
why    = "It does."
source = { paper = "w8" }
against = { rumour = "not so" }
[[scheme]]
names      = ["w4"]
verdict    = "degrades"
on         = ["npu"]
generation = { max = "N1" }
why        = "Too old."
source     = { paper = "w4" }
[[scheme]]
names  = ["w4"]
why    = "Good."
source = { paper = "w4" }
[[scheme]]
names    = ["bf16"]
on       = ["npu"]
features = ["wide"]
why      = "Wide."
source   = { paper = "bf16" }
[[cannot]]
names  = ["palette1"]
why    = "Too few."
source = { paper = "palettes" }
[[unknown]]
names  = ["sparse*"]
why    = "Nobody tried."
source = { rumour = "zeros" }
"""

Put = Callable[[str], Backend]


@pytest.fixture
def put(toy_backend: ToyBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """A toy backend with these rows of compression."""
    backend = toy_backend()
    monkeypatch.setattr(rows, "rules_dir", lambda: tmp_path)

    def write(text: str) -> Backend:
        (tmp_path / backend.name).mkdir(exist_ok=True)
        (tmp_path / backend.name / "compression.toml").write_text(text, "utf-8")
        rows._read.cache_clear()
        return backend

    return write


def one(backend: Backend, scheme: str, release: str = "3", *units: Unit) -> Offer:
    return offers(backend, release, units, [parse_scheme(scheme)])[0]


NPU = Unit("npu", "NPU", True, "N1")


def test_the_first_row_that_speaks_is_the_offer(put: Put) -> None:
    found = one(put(ROWS), "w8")
    assert (found.verdict, found.units, found.min_elements) == ("takes", ("npu", "gpu"), 100)
    assert (found.ops, found.why) == (("Conv",), "It does.")
    assert [e.words for e in (*found.evidence, *found.against)] == ["w8", "not so"]


def test_only_units_of_the_target_run_it(put: Put) -> None:
    assert one(put(ROWS), "w8", "3", NPU).units == ("npu",)


@pytest.mark.parametrize(("release", "verdict"), [("1", "unknown"), ("2", "takes")])
def test_a_release_outside_the_span_is_unknown(put: Put, release: str, verdict: str) -> None:
    found = one(put(ROWS), "w8", release)
    assert found.verdict == verdict
    assert found.why


def test_a_refusal_stands_before_what_says_otherwise(put: Put) -> None:
    backend = put(ROWS)
    assert one(backend, "palette1").verdict == "cannot"
    assert one(backend, "palette2").verdict == "takes"


def test_what_nobody_knows_is_unknown_with_a_reason(put: Put) -> None:
    found = one(put(ROWS), "sparse50")
    assert (found.verdict, found.why) == ("unknown", "Nobody tried.")
    assert found.evidence


@pytest.mark.parametrize(("generation", "verdict"), [("N1", "degrades"), ("N2", "takes"), ("", "takes")])
def test_a_row_of_a_generation_is_about_that_alone(put: Put, generation: str, verdict: str) -> None:
    assert one(put(ROWS), "w4", "3", replace(NPU, generation=generation)).verdict == verdict


def test_a_row_of_a_feature_wants_it(put: Put) -> None:
    backend = put(ROWS)
    assert one(backend, "bf16", "3", NPU).verdict == "unknown"
    assert one(backend, "bf16", "3", replace(NPU, features=("wide",))).verdict == "takes"
    assert one(backend, "bf16").verdict == "unknown"


def test_a_broken_file_is_named(put: Put) -> None:
    backend = put("[[scheme]]\nnames = 3")
    with pytest.raises(RulesError, match=r"compression\.toml"):
        one(backend, "w8")


def test_every_scheme_has_an_offer_in_the_order_asked() -> None:
    target = resolve("iphone14pro")
    found = offers(target.backend, target.release, target.units)
    assert [o.scheme for o in found] == list(SCHEMES)
    assert all(o.why for o in found)
    assert all(o.evidence for o in found if o.verdict != "unknown")


@pytest.mark.parametrize(
    ("device", "backend", "release", "scheme", "verdict"),
    [
        ("iphone14pro", "coreml", "iOS 16", "palette4", "degrades"),
        ("iphone14pro", "coreml", "iOS 17", "palette4", "takes"),
        ("iphone14pro", "coreml", "iOS 17", "palette4-group16", "cannot"),
        ("iphone14pro", "coreml", "iOS 18", "palette4-group16", "takes"),
        ("iphone14pro", "coreml", "iOS 17", "w4", "cannot"),
        ("iphone14pro", "coreml", "iOS 18", "w4", "takes"),
        ("iphone13", "coreml", "iOS 18", "w4", "degrades"),
        ("iphone14pro", "coreml", "iOS 18", "w4-block32", "degrades"),
        ("iphone14pro", "coreml", "iOS 26", "w8a16", "cannot"),
        ("iphone14pro", "coreml", "iOS 17", "sparse50-w8", "cannot"),
        ("iphone14pro", "coreml", "iOS 16", "bf16", "cannot"),
        ("jetson-orin-nano", "tensorrt", "10.3", "bf16", "takes"),
        ("jetson-orin-nano", "tensorrt", "8.6", "w4", "cannot"),
        ("jetson-orin-nano", "tensorrt", "10.3", "w4-block32", "takes"),
        ("jetson-orin-nano", "tensorrt", "10.3", "sparse50", "cannot"),
        ("galaxys24", "qnn", None, "w8", "degrades"),
        ("galaxys24", "qnn", None, "w8a16", "takes"),
        ("galaxys24", "qnn", None, "palette4", "cannot"),
        ("pixel8", "tflite", None, "w4-block32", "takes"),
        ("pixel8", "tflite", None, "palette4", "cannot"),
        ("pixel8", "tflite", None, "sparse50", "unknown"),
    ],
)
def test_what_is_known_of_shipped_backends(
    device: str, backend: str, release: str | None, scheme: str, verdict: str
) -> None:
    target = resolve(device, backend, release)
    assert one(target.backend, scheme, target.release, *target.units).verdict == verdict


def test_block_quantised_weights_leave_the_neural_engine() -> None:
    found = one(load_backend("coreml"), "w4-block32", "iOS 18")
    assert found.units == ("gpu", "cpu")
    assert found.against
