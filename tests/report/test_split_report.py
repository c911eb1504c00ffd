"""How a split reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan.finding import Finding, Severity
from edgeplan.report.split import render_split
from edgeplan.report.split_scan import shown_stops
from edgeplan.report.split_words import say_dollars, say_rate, verdict_of
from edgeplan.splitting.split import SplitPlan
from edgeplan.surgery.splitting.check import Check, Equality
from edgeplan.surgery.splitting.fidelity import Encoded
from edgeplan.surgery.splitting.manifest import File, Half, Manifest, Model
from edgeplan.surgery.splitting.splitting import SplitFiles
from tests.report.split_cases import CLOUD, DEVICE, LINK, LOGITS, SPLIT, choice, plan, simulated

GIVEN = "-t toy --cloud server-toy --network lte"


def shown(found: SplitPlan, **more: object) -> str:
    return render_split(found, width=100, given=GIVEN, **more)  # type: ignore[arg-type]


def test_the_report_reads_as_kept(snapshot: SnapshotAssertion) -> None:
    assert shown(plan()) == snapshot


def test_the_whole_report_reads_as_kept(snapshot: SnapshotAssertion) -> None:
    assert render_split(plan(simulated=simulated), everything=True, width=120) == snapshot


def test_ways_that_are_not_apart_are_named_together(snapshot: SnapshotAssertion) -> None:
    said = Finding("EP701", Severity.WARNING, "the split is the likely best, but the figures do not tell device only")
    assert shown(plan(rivals=(0,), findings=(said,))) == snapshot


def test_what_is_refused_and_what_is_not_known_is_said(snapshot: SnapshotAssertion) -> None:
    choices = (
        choice(DEVICE),
        choice(CLOUD, refused="the raw input may not leave the device"),
        choice(SPLIT, latency=None, parts={}, energy=None, cost=None, why="nobody has timed the Toy Server"),
    )
    assert shown(plan(choices=choices, best=0, stops=(), spans=(), encodings=(), findings=())) == snapshot


def test_where_nothing_is_allowed_no_way_is_praised() -> None:
    refused = tuple(choice(w, refused="it does not fit") for w in (DEVICE, CLOUD, SPLIT))
    text = shown(plan(choices=refused, best=0))
    assert text.startswith("NO WAY IS ALLOWED   Toy Phone")
    assert "* device only" not in text
    assert "cut  " not in text.split("\n\n")[0]
    assert text.count("is not allowed: it does not fit") == 3
    assert "-o FOLDER" not in text


def test_where_no_time_is_known_nothing_is_claimed() -> None:
    unknown = tuple(choice(w, latency=None, parts={}, why="no round trip is known") for w in (DEVICE, CLOUD))
    text = render_split(plan(choices=unknown, best=0, network=replace(LINK, rtt=None)), width=120)
    assert text.startswith("CANNOT TELL")
    assert "time of cloud only not known: no round trip is known" in text
    assert "round trip not known" in text


@pytest.mark.parametrize(
    ("best", "said"), [(0, "KEEP IT ON THE DEVICE"), (1, "SEND IT TO THE CLOUD"), (2, "SPLIT AFTER /layer2/conv2")]
)
def test_the_verdict_says_what_to_do(best: int, said: str) -> None:
    assert verdict_of(plan(best=best)) == (said, "bold green")


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
def test_lines_keep_to_the_width(width: int) -> None:
    for everything in (False, True):
        text = render_split(plan(simulated=simulated), everything=everything, width=width, given=GIVEN)
        assert max(map(len, text.splitlines())) <= width
        assert "\u2026" not in text


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_latency_is_said_without_its_range(width: int) -> None:
    text = render_split(plan(), width=width)
    assert "240 to 390" in text


def test_names_are_shown_escaped() -> None:
    text = shown(plan())
    assert "\x1b" not in text
    assert "res\\x1b50[b].onnx" in text


def test_the_trade_off_is_shown_where_it_is_asked_for() -> None:
    assert "trade-off" not in shown(plan())
    assert "trade-off" in shown(plan(), everything=True)
    energy = shown(plan(objective="energy"))
    assert "least energy on the device" in energy
    assert "trade-off" in energy


def test_of_many_places_the_best_in_each_stretch_are_shown() -> None:
    stops = plan().stops
    few = shown_stops(stops, 9)
    assert len(few) == 9
    assert (few[0], few[-1]) == (stops[0], stops[-1])
    assert min(stops, key=lambda s: s.seconds) in few
    assert shown_stops(stops[:5], 9) == list(stops[:5])


def test_a_device_that_may_not_run_it_all_has_no_such_row() -> None:
    whole = replace(plan().stops[-1], seconds=float("inf"))
    text = shown(
        plan(stops=(*plan().stops[:-1], whole), choices=(choice(DEVICE, refused="too large"), choice(SPLIT)), best=1)
    )
    assert "all in the cloud" in text
    assert "all on the device" not in text


def test_an_encoding_that_makes_a_split_the_best_is_named() -> None:
    assert "next: --encode uint8+zlib, where the outputs bear it" in shown(plan(best=1))
    assert "next: edgeplan split" in shown(plan(encodings=()))
    assert "--encode" not in shown(plan(best=1), asked=True)  # another way was asked for


def test_a_tensor_of_unknown_size_has_none() -> None:
    boxes = replace(LOGITS, shape=None, bytes=None, sent=None)
    text = shown(plan(choices=(choice(DEVICE), choice(replace(CLOUD, down=(boxes,)))), best=1))
    assert "logits float32 of a size that only data decide" in text


def test_a_runtime_is_named_once() -> None:
    assert "(LiteRT 2.3)" in shown(plan(cloud=replace(plan().cloud, backend="LiteRT", release="LiteRT 2.3")))


def test_what_is_expected_with_outages_has_a_line() -> None:
    assert "with outages" not in shown(plan())
    assert "with outages      320 ms" in shown(plan(choices=(choice(DEVICE, expected=0.32), choice(CLOUD)), best=0))


def test_a_way_that_was_asked_for_is_not_praised() -> None:
    assert shown(plan(rivals=(0,)), asked=True).startswith("SPLIT AFTER /layer2/conv2   Toy Phone, Toy (2)   as asked")


def test_the_range_of_the_network_is_marked() -> None:
    rows = [line.split() for line in shown(plan()).splitlines() if "bit/s" in line and "link" not in line]
    assert [row[0] for row in rows] == ["under", "*", "-"]


def made(**more: object) -> SplitFiles:
    file = File("m.device.onnx", 4000, "0" * 64)
    half = Half("m.device.onnx", (file,), 24, ("input",), ("/layer2/conv2_out",))
    cloud = Half("m.cloud.onnx", (replace(file, name="m.cloud.onnx"),), 96, ("/layer2/conv2_out",), ("logits",))
    manifest = Manifest(1, "1.0", Model("m.onnx", 8000, "0" * 64, 17), half, cloud, (), (), (), (), "raw")
    encoded = (
        Encoded("raw", {"/layer2/conv2_out": 401_408}, (), float("inf"), 0.0, 4, "random inputs"),
        Encoded("fp16", {"/layer2/conv2_out": 200_704}, (), 71.2, 1e-4, 4, "random inputs"),
        Encoded("uint8+zlib", {"/layer2/conv2_out": 60_000}, (), 39.6, 1e-2, 4, "random inputs"),
    )
    check = Check(Equality(False, 4), Equality(True, 4, {"logits": 2e-7}), "random inputs")
    return replace(
        SplitFiles(manifest, ("out/m.device.onnx", "out/m.cloud.onnx", "out/manifest.json"), check, encoded),
        **more,  # type: ignore[arg-type]
    )


def test_two_models_read_as_kept(snapshot: SnapshotAssertion) -> None:
    assert render_split(plan(), made(), width=100, given=GIVEN) == snapshot


def test_what_a_fusion_does_is_said_with_what_it_does_to_the_whole() -> None:
    check = replace(made().check or Check.not_run(""), since="Conv with Add", own=4e-7)
    text = " ".join(render_split(plan(), made(check=check), width=100).split())
    assert "not across the cut: Conv with Add; the rewrites move the whole itself by 4e-07" in text


def test_halves_that_do_not_stand_for_the_whole_are_said_not_to() -> None:
    broken = made(written=(), check=None, why="they differ")
    text = render_split(plan(), broken, width=100)
    assert "nothing written: they differ" in text
    assert "written: out" not in text


def test_models_that_were_not_run_are_said_not_to_be() -> None:
    text = render_split(plan(), made(check=None, encodings=(), unmeasured="as asked for"), width=100)
    assert "not checked: as asked for" in text


@pytest.mark.parametrize(
    ("bits", "said"),
    [(0, "0 bit/s"), (900, "900 bit/s"), (1.1e6, "1.1 Mbit/s"), (5.85e6, "5.85 Mbit/s"), (999.7e6, "1 Gbit/s"),
     (130e3, "130 kbit/s"), (2e12, "2,000 Gbit/s")],
)  # fmt: skip
def test_rates_are_said_as_links_are_sold(bits: float, said: str) -> None:
    assert say_rate(bits) == said


@pytest.mark.parametrize(
    ("dollars", "said"), [(0, "$0.00"), (0.0042, "$0.0042"), (1.2, "$1.20"), (1234.5, "$1,234.50")]
)
def test_small_amounts_keep_their_digits(dollars: float, said: str) -> None:
    assert say_dollars(dollars) == said
