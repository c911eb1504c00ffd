"""The memory of networks on Qualcomm's HTP."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.memory import qnn_aihub, qnn_ddr
from edgeplan.capability.rows import load_backend
from edgeplan.devices import all_devices, find_device
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.figures import all_figures
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.runtimes.qnn.ddr import ddr_traffic, fit
from edgeplan.memory.runtimes.qnn.process import process_terms, system_of
from edgeplan.memory.runtimes.qnn.values import held, spread, vtcm_size
from edgeplan.memory.runtimes.qnn.weights import packed_weights, tables
from edgeplan.memory.term import Term, total
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve

HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'
KIB = 2**10


def graph_of(text: str) -> Graph:
    """The graph of a text in which inputs whose names start with w are weights: they need no data that way."""
    graph = parse_text(HEADER + text)
    values = {n: replace(v, const=n.startswith("w")) for n, v in graph.values.items()}
    return replace(graph, values=values, inputs=tuple(n for n in graph.inputs if not n.startswith("w")))


def deploy(text: str, device: str = "galaxys24", backend: str = "qnn", precision: str | None = None) -> Deployment:
    target = resolve(device, backend=backend, precision=precision)
    lowered = lower_for(graph_of(text), target)
    placed = place(lowered, target)
    return Deployment(lowered, target, placed.units, placed.segments)


def conv(made: int, read: int, size: int, group: int = 1, side: int = 16) -> str:
    inside = read * group
    return f"""g (float[1,{inside},{side},{side}] x, float[{made},{read},{size},{size}] w)
        => (float[1,{made},{side},{side}] y) {{
        y = Conv <group: int = {group}, pads: ints = [{", ".join([str(size // 2)] * 4)}]> (x, w) }}"""


def chain(side: int, convolutions: int, *, skip: bool = False) -> str:
    """Convolutions 3x3 of 32 channels one after another; `skip` adds the first one's output to the last one's."""
    shape = f"float[1,32,{side},{side}]"
    body = ["c0 = Conv <pads: ints = [1, 1, 1, 1]> (x, w)"]
    body += [f"c{i} = Conv <pads: ints = [1, 1, 1, 1]> (c{i - 1}, w)" for i in range(1, convolutions)]
    last = f"c{convolutions - 1}"
    body.append(f"y = Add ({last}, c0)" if skip else f"y = Relu ({last})")
    return f"g ({shape} x, float[32,32,3,3] w) => ({shape} y) {{\n" + "\n".join(body) + "\n}"


def terms(deployed: Deployment) -> dict[str, Term]:
    return {t.name: t for t in plan_memory(deployed).terms}


def plain_weights(text: str, device: str = "galaxys24") -> int:
    """Bytes of the packed weights without what every context binary has."""
    deployed = deploy(text, device)
    return packed_weights(deployed).likely - deployed.figures["context-base"].bytes.likely


class TestValues:
    def test_floats_take_two_bytes_and_integers_at_most_four(self) -> None:
        graph = parse_text(HEADER + "g (float[3,5] x, int64[7] i) => (float[3,5] y) { y = Identity (x) }")
        assert held(graph.values["x"], True) == 30
        assert held(graph.values["x"], False) == 60
        assert held(graph.values["i"], True) == 28

    def test_the_depth_of_an_image_is_rounded_up_but_for_the_first(self) -> None:
        graph = parse_text(HEADER + "g (float[1,40,4,4] x, float[1,3,4,4] i) => (float[1,40,4,4] y) { y = Relu (x) }")
        assert spread(graph.values["x"], True) == 64 * 16 * 2
        assert spread(graph.values["i"], True) == 3 * 16 * 2

    def test_an_image_is_what_convolutions_read_and_make(self) -> None:
        text = """g (float[1,8,64,64] x, float[1,8,64,16] v, float[8,8,1,1] w) => (float[1,8,64,16] t) {
            y = Conv (x, w)
            t = MatMul (y, v) }"""
        deployed = deploy(text)
        size, values = vtcm_size(deployed), deployed.graph.values
        assert size(values["y"]) == 32 * 64 * 64 * 2
        assert size(values["t"]) == 8 * 64 * 16 * 2

    def test_an_unknown_size_stays_unknown(self) -> None:
        graph = parse_text(HEADER + "g (float[N,40,4,4] x) => (float[N,40,4,4] y) { y = Relu (x) }")
        assert spread(graph.values["x"], True) is None


class TestPackedWeights:
    def test_channels_are_rounded_up_to_32_both_ways(self) -> None:
        assert plain_weights(conv(40, 24, 3)) == 64 * 32 * 9 * 2

    def test_those_of_a_first_layer_are_not(self) -> None:
        assert plain_weights(conv(64, 3, 3)) == 64 * 3 * 9 * 2

    def test_each_group_is_rounded_up_for_itself(self) -> None:
        assert plain_weights(conv(64, 8, 3, group=8)) == 64 * 32 * 9 * 2

    def test_depthwise_weights_are_spread_over_whole_vectors_before_v73(self) -> None:
        depthwise = conv(64, 1, 3, group=64)
        assert plain_weights(depthwise, "galaxys22") == 64 * 9 * 2 * 32
        assert plain_weights(depthwise, "galaxys24") < plain_weights(depthwise, "galaxys22") // 2

    def test_matrices_are_kept_as_they_are(self) -> None:
        text = "g (float[1,40] x, float[40,10] w) => (float[1,10] y) { y = MatMul (x, w) }"
        assert plain_weights(text) == 40 * 10 * 2

    def test_a_constant_two_ops_read_is_stored_once(self) -> None:
        text = """g (float[1,40] x, float[40,40] w) => (float[1,40] y) {
            a = MatMul (x, w)
            y = MatMul (a, w) }"""
        assert plain_weights(text) == 40 * 40 * 2

    def test_float32_as_the_precision_keeps_four_bytes(self) -> None:
        assert packed_weights(deploy(conv(64, 64, 3), precision="float32")).likely > 64 * 64 * 9 * 4

    def test_tables_of_rows_are_found(self) -> None:
        text = "g (int64[1,8] i, float[1000,64] w) => (float[1,8,64] y) { y = Gather (w, i) }"
        assert tables(deploy(text)) == (1000 * 64 * 2,)


class TestFit:
    def test_a_network_within_vtcm_neither_spills_nor_is_cut(self) -> None:
        moved = ddr_traffic(deploy(chain(128, 4)))
        assert moved is not None
        assert moved.verdict == "fits"
        assert moved.spill.high == 0
        assert moved.live == 2 * 32 * 128 * 128 * 2

    def test_the_same_network_spills_where_vtcm_is_smaller(self) -> None:
        moved = ddr_traffic(deploy(chain(160, 7), "snapdragon-7-gen-1"))
        assert moved is not None
        assert moved.verdict == "spills"
        assert moved.spill.likely > 0
        assert moved.write.likely > moved.spill.likely

    def test_one_large_convolution_is_cut_into_tiles(self) -> None:
        moved = ddr_traffic(deploy(chain(320, 1)))
        assert moved is not None
        assert moved.verdict == "tiled"
        assert moved.spill.likely == 0 < moved.spill.high

    def test_values_held_across_other_ops_spill_sooner(self) -> None:
        chained, skipped = (fit(deploy(chain(192, 4, skip=skip))) for skip in (False, True))
        assert chained.across == 0
        assert skipped.across == 32 * 192 * 192 * 2

    @pytest.mark.parametrize(("steps", "verdict"), [(4096, "fits"), (6144, "spills")])
    def test_a_line_is_an_image_of_eight_rows(self, steps: int, verdict: str) -> None:
        shape = f"float[1,64,{steps}]"
        body = "\n".join(f"c{i + 1} = Conv <pads: ints = [1, 1]> (c{i}, w)" for i in range(6))
        moved = ddr_traffic(deploy(f"g ({shape} c0, float[64,64,3] w) => ({shape} c6) {{ {body} }}"))
        assert moved is not None
        assert moved.live == 2 * 64 * steps * 2 * 8
        assert moved.verdict == verdict

    def test_weights_and_inputs_are_read_once_and_outputs_written_once(self) -> None:
        deployed = deploy(conv(64, 64, 3))
        moved = ddr_traffic(deployed)
        assert moved is not None
        assert moved.read.likely == packed_weights(deployed).likely + 64 * 16 * 16 * 4
        assert moved.write.likely == 64 * 16 * 16 * 4

    def test_a_table_too_large_for_vtcm_is_not_read_whole(self) -> None:
        text = "g (int64[1,8] i, float[100000,64] w) => (float[1,8,64] y) { y = Gather (w, i) }"
        moved = ddr_traffic(deploy(text))
        assert moved is not None
        assert moved.read.likely < KIB * KIB < moved.read.high

    def test_nothing_is_said_where_nothing_runs_on_the_htp(self) -> None:
        assert ddr_traffic(deploy("g (float[4] x) => (float[4] y) { y = Acosh (x) }")) is None

    @settings(max_examples=25, deadline=None)
    @given(st.integers(8, 400), st.integers(1, 8), st.booleans(), st.sampled_from(["galaxys24", "snapdragon-7-gen-1"]))
    def test_ranges_hold_what_is_likely(self, side: int, convolutions: int, skip: bool, device: str) -> None:
        moved = ddr_traffic(deploy(chain(side, convolutions, skip=skip), device))
        assert moved is not None
        for size in (moved.read, moved.write, moved.spill, moved.fill):
            assert 0 <= size.low <= size.likely <= size.high
        assert moved.write.likely >= moved.spill.likely
        assert (moved.verdict == "fits") == (moved.onchip is not None and moved.live <= moved.onchip)


class TestProcess:
    @pytest.mark.parametrize(
        ("device", "system"),
        [
            ("galaxys24", "android"),
            ("sa8295p", "android"),
            ("snapdragon-x-elite", "windows"),
            ("dragonwing-iq-x7181", "windows"),
            ("dragonwing-iq-9075", "linux"),
        ],
    )
    def test_systems(self, device: str, system: str) -> None:
        assert system_of(find_device(device)) == system

    def held(self, device: str, route: str | None) -> dict[str, Term]:
        return {t.name: t for t in process_terms(deploy(conv(64, 64, 3), device), route)}  # type: ignore[arg-type]

    def test_a_dlc_on_windows_shows_its_tensors_alone(self) -> None:
        assert list(self.held("snapdragon-x-elite", "qnn")) == ["inputs and outputs"]

    def test_onnx_runtime_holds_the_context_binary_on_windows_before_v81(self) -> None:
        assert "context binary" in self.held("snapdragon-x-elite", "onnxruntime")
        assert "context binary" not in self.held("snapdragon-x2-elite", "onnxruntime")

    def test_what_preparation_leaves_grows_with_the_network(self) -> None:
        name = "heap left by the preparation"
        small, large = (
            next(t for t in process_terms(deploy(chain(side, 6)), "qnn") if t.name == name) for side in (64, 256)
        )
        assert small.size.likely < large.size.likely
        assert small.size.low == 0

    def test_linux_keeps_little(self) -> None:
        held = self.held("dragonwing-iq-9075", "qnn")
        assert held["heap left by loading"].size.high <= 4 * KIB * KIB


class TestProfile:
    def plan(self, text: str, device: str = "galaxys24", backend: str = "qnn") -> MemoryPlan:
        return plan_memory(deploy(text, device, backend))

    def test_weights_and_spill_are_the_drivers(self) -> None:
        found = terms(deploy(chain(160, 7), "snapdragon-7-gen-1"))
        assert {n for n, t in found.items() if t.holder == "driver"} == {"weights", "spill-fill buffer"}

    def test_the_app_is_not_charged_for_the_weights(self) -> None:
        plan = self.plan(conv(512, 512, 3), "dragonwing-iq-9075", "snpe")
        assert plan.app.high < 512 * 512 * 9 * 2 + 5 * KIB * KIB
        assert plan.run.low >= 512 * 512 * 9 * 2 * 0.9

    def test_preparation_is_a_build_of_its_own(self) -> None:
        plan = self.plan(conv(64, 64, 3))
        assert plan.build.likely > plan.weights
        assert total(plan.terms, "build") == plan.build

    def test_ops_off_the_htp_have_a_region_and_weights_of_their_own(self) -> None:
        text = """g (float[1,64,16,16] x, float[64,64,3,3] w) => (float[1,64,16,16] y) {
            a = Conv <pads: ints = [1, 1, 1, 1]> (x, w)
            c = Acosh (a)
            y = Acosh (c) }"""
        found = terms(deploy(text))
        assert found["activations off the HTP"].size.likely > 0

    def test_weights_that_the_cpu_expands_are_all_held_at_once(self) -> None:
        graph = graph_of(conv(64, 64, 3))
        for assume, size in (("w8", 64 * 64 * 3 * 3 * 4), ("w8-tensor", 0), ("w8a8", 0)):
            target = resolve("galaxys24", "qnn", assume=assume)
            lowered = lower_for(graph, target)
            placed = place(lowered, target)
            found = plan_memory(Deployment(lowered, target, placed.units, placed.segments))
            assert sum(t.size.likely for t in found.terms if t.name == "expanded weights") == size

    def test_without_an_op_on_the_htp_it_is_weights_and_arena(self) -> None:
        plan = self.plan("g (float[4] x) => (float[4] y) { y = Acosh (x) }")
        assert [t.name for t in plan.terms] == ["weights", "arena"]

    def test_what_one_process_cannot_map_is_said(self) -> None:
        basis = terms(deploy(conv(65536, 65536, 1, side=1)))["weights"].basis
        assert "3.5 GiB" in basis
        assert "3.5 GiB" not in terms(deploy(conv(64, 64, 1)))["weights"].basis

    def test_every_chip_with_an_htp_says_how_much_vtcm_it_has(self) -> None:
        lacking = {d.id for d in all_devices() if "htp" in d.chip.unit and not d.figures_of("htp.vtcm")}
        assert lacking == set()


@pytest.mark.referee
@pytest.mark.parametrize(("side", "spills"), [(256, False), (320, True)])
def test_the_compiler_packs_and_spills_as_the_rule_says(side: int, spills: bool, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime_qnn")
    from benchmarks.memory.ask_qnn import ask

    text = chain(side, 7).replace(", float[32,32,3,3] w)", ")").replace("{\n", "<float[32,32,3,3] w> {\n", 1)
    model = onnx.parser.parse_model(HEADER + text)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros((32, 32, 3, 3), np.float32), "w"))
    onnx.save(model, tmp_path / "chain.onnx")
    said, planned = ask(str(tmp_path / "chain.onnx"), "57"), fit(deploy(chain(side, 7)))
    assert (int(str(said["spill"])) > 0) == spills == (planned.spill.likely > 0)
    packed = packed_weights(deploy(chain(side, 7)))
    assert packed.low - 20 * KIB <= int(str(said["context"])) <= packed.high + 200 * KIB


class TestRecords:
    def test_devices_and_chips_of_the_measured_tables_are_known(self) -> None:
        with qnn_aihub.MEASURED.open(newline="", encoding="utf-8") as table:
            devices = {row["device"] for row in csv.DictReader(table)}
        with qnn_ddr.MEASURED.open(newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        for device in (*devices, *qnn_ddr.CHIPS.values()):
            assert "htp" in find_device(device).chip.unit
        assert {row["chip"] for row in rows} <= set(qnn_ddr.CHIPS)
        for row in rows:
            chip = find_device(qnn_ddr.CHIPS[row["chip"]])
            assert [f.bytes for f in chip.figures_of("htp.vtcm")] == [int(row["vtcm"])]

    def test_the_two_backends_share_their_figures(self) -> None:
        """SNPE and QNN drive one HTP: what is known of it is the same whoever asks."""
        ours, theirs = (all_figures(load_backend(name)) for name in ("qnn", "snpe"))
        assert ours == theirs
