from __future__ import annotations

from dataclasses import replace

import pytest

from edgeplan.devices import all_devices, find_device
from edgeplan.finding import Confidence
from edgeplan.target import Budget, TargetError, resolve


@pytest.mark.parametrize("device", [d.id for d in all_devices()])
def test_a_device_resolves_for_every_backend_it_lists(device: str) -> None:
    for backend in find_device(device).backends:
        target = resolve(device, backend)
        assert target.backend.name == backend
        assert target.units
        assert not target.backend.releases or target.release in target.backend.releases
        assert target.budget.basis


def test_the_first_backend_is_the_default() -> None:
    assert resolve("iphone14pro").backend.name == "coreml"
    assert resolve("jetson-orin-nano").backend.name == "tensorrt"


def test_an_iphone_14_pro_gives_an_app_between_2_and_3_gib() -> None:
    budget = resolve("iphone14pro").budget
    assert budget.limit is not None
    assert 2 * 2**30 < budget.limit < 3 * 2**30
    assert budget.ram == 6 * 2**30
    assert budget.effective == budget.limit
    assert budget.evidence


def test_a_budget_of_the_users_own_counts() -> None:
    assert resolve("iphone14pro", memory=1000).budget.effective == 1000
    assert Budget(10, None, None, "", "", given=0).effective == 0


def test_the_neural_engine_comes_first_on_an_iphone() -> None:
    units = resolve("iphone14pro").units
    assert (units[0].name, units[0].generation, units[0].accelerator) == ("ane", "H15", True)
    assert units[-1].name == "cpu"


@pytest.mark.parametrize("device", ["jetson-orin-nano", "jetson-orin-nano-4gb"])
def test_an_orin_nano_has_no_dla(device: str) -> None:
    assert "dla" not in {u.name for u in resolve(device).units}
    with pytest.raises(TargetError, match="has no DLA"):
        resolve(device, use=["dla"])


def test_an_optional_unit_is_used_when_it_is_asked_for() -> None:
    assert "dla" not in {u.name for u in resolve("jetson-agx-orin-64gb").units}
    assert "dla" in {u.name for u in resolve("jetson-agx-orin-64gb", release="JetPack 6.2", use=["dla"]).units}
    assert [u.name for u in resolve("iphone14pro", use=["gpu"]).units] == ["ane", "gpu", "cpu"]


def test_a_unit_that_is_asked_for_may_stand_in_for_another() -> None:
    def units(*use: str) -> list[str]:
        return [u.name for u in resolve("iphone14pro", "onnxruntime-coreml", use=use).units]

    assert units() == ["mlprogram", "cpu"]
    assert units("neuralnetwork") == ["neuralnetwork", "cpu"]


def test_parts_are_thinned_out_from_a_release_on() -> None:
    def parts(release: str) -> object:
        return resolve("iphone14pro", "onnxruntime-coreml", release).unit("mlprogram").partitions

    assert parts("1.26") is None
    assert parts("1.27") is not None


def test_a_unit_ends_with_its_last_release() -> None:
    with pytest.raises(TargetError, match="does not drive the DLA"):
        resolve("jetson-agx-orin-64gb", release="11.1", use=["dla"])


def test_a_unit_may_come_back_on_some_devices() -> None:
    assert "dla" in {u.name for u in resolve("jetson-agx-orin-64gb", release="JetPack 7.2.2", use=["dla"]).units}


@pytest.mark.parametrize(
    ("device", "written", "release"),
    [
        ("iphone14pro", None, "iOS 26"),
        ("iphone14pro", "iOS 17", "iOS 17"),
        ("iphone14pro", "17", "iOS 17"),
        ("iphone14pro", "ios17", "iOS 17"),
        ("iphone14pro", "iOS 17.4", "iOS 17"),
        ("iphone14pro", "17.4.1", "iOS 17"),
        ("iphone14pro", "iOS-18", "iOS 18"),
        ("jetson-orin-nano", "JetPack 6.2", "10.3"),
        ("jetson-orin-nano", "jetpack6.1", "10.3"),
        ("jetson-orin-nano", "8.6", "8.6"),
        ("jetson-orin-nano", "8.6.2", "8.6"),
        ("jetson-orin-nano", "10.3.0.30", "10.3"),
    ],
)
def test_releases_are_read_as_people_write_them(device: str, written: str | None, release: str) -> None:
    assert resolve(device, release=written).release == release


@pytest.mark.parametrize(
    ("device", "more", "told"),
    [
        ("iphone14por", {}, "did you mean iphone14pro"),
        ("iphone14pro", {"backend": "tensorrt"}, "iPhone 14 Pro has no backend 'tensorrt'; it has coreml,"),
        ("iphone14pro", {"release": "iOS 99"}, "Core ML has no release 'iOS 99'; it has iOS 13, iOS 14"),
        ("iphone14pro", {"release": "nonsense"}, "Core ML has no release 'nonsense'"),
        ("iphone14pro", {"release": "iOS 15"}, "iPhone 14 Pro runs Core ML iOS 16 to iOS 26, not iOS 15"),
        ("iphone14pro", {"use": ["npu"]}, "Core ML has no unit 'npu'; it has ane, gpu, cpu"),
    ],
)
def test_what_does_not_exist_is_told_in_one_line(device: str, more: dict[str, object], told: str) -> None:
    with pytest.raises(TargetError) as e:
        resolve(device, **more)
    assert told in str(e.value)
    assert "\n" not in str(e.value)


def test_a_target_is_named_by_device_backend_and_release() -> None:
    assert resolve("iphone14pro", release="17").title == "iPhone 14 Pro, Core ML (iOS 17)"
    assert resolve("iphone14pro", "tflite").title == "iPhone 14 Pro, LiteRT 2.3"


def test_precision_is_the_backends_unless_it_is_given() -> None:
    assert resolve("iphone14pro").precision == "float16"
    assert resolve("iphone14pro", precision="float32").precision == "float32"
    assert resolve("jetson-orin-nano").precision == "model"


def test_the_limit_measured_nearest_to_the_release_is_taken() -> None:
    device = find_device("iphone8plus")
    assert len([f for f in device.figures_of("app-memory-limit") if not f.entitlement]) > 1
    assert "iOS 11" in resolve("iphone8plus").budget.basis


def test_a_jetson_may_use_what_is_visible_less_what_is_used_when_idle() -> None:
    budget = resolve("jetson-orin-nano").budget
    device = find_device("jetson-orin-nano")
    visible, idle = (device.figures_of(f)[0].bytes for f in ("visible-memory", "idle-memory-used"))
    assert budget.limit == visible - idle


def test_what_an_app_may_ask_for_is_part_of_the_budget() -> None:
    raised = resolve("iphone15pro", release="iOS 18").budget.raised
    assert raised is not None
    assert (raised.limit, raised.entitlement, raised.kind) == (6 * 2**30, "increased-memory-limit", "measured")
    assert raised.evidence
    assert resolve("iphone11").budget.raised is None


@pytest.mark.parametrize("device", [d.id for d in all_devices()])
def test_a_limit_that_can_be_raised_is_the_smaller_one(device: str) -> None:
    budget = resolve(device).budget
    if budget.raised is not None and budget.limit is not None:
        assert budget.raised.limit >= budget.limit


@pytest.mark.parametrize(
    ("release", "mib"),
    [
        ("iOS 26.0", 6144),
        ("26.3", 6144),
        ("iOS 26.3.1", 6144),
        ("iOS 26.4", 3072),
        ("26.5", 3072),
        ("iOS 26.9", 3072),
        ("iOS 26", 3072),
        ("iOS 15", 5082),
        ("iOS 14", 5082),
    ],
)
def test_a_limit_depends_on_the_minor_release(release: str, mib: int) -> None:
    assert resolve("ipadpro11m1", release=release).budget.limit == mib * 2**20


def test_a_runtime_that_is_no_part_of_the_system_says_nothing_of_the_systems_release() -> None:
    newest = resolve("ipadpro11m1").budget
    for backend in ("tflite", "onnxruntime-coreml"):
        assert resolve("ipadpro11m1", backend).budget.limit == newest.limit


def test_android_gets_an_assumed_limit_that_says_so() -> None:
    budget = resolve("galaxys23").budget
    assert budget.limit == 4 * 2**30
    assert (budget.kind, budget.confidence) == ("assumed", Confidence.LOW)
    assert budget.basis.startswith("assumed: half of the RAM")
    assert any(e.kind == "vendor-doc" for e in budget.evidence)


def test_of_two_amounts_of_ram_the_smaller_one_is_assumed() -> None:
    assert resolve("galaxys22ultra").budget.limit == 4 * 2**30


def test_nothing_is_assumed_of_a_chip_without_ram() -> None:
    budget = resolve("snapdragon-8-elite").budget
    assert (budget.limit, budget.kind) == (None, "")


@pytest.mark.parametrize(
    ("device", "release", "trust"),
    [
        ("iphone14promax", "iOS 16", Confidence.HIGH),
        ("iphone14promax", "iOS 17", Confidence.MEDIUM),
        ("iphone14pro", "iOS 16", Confidence.MEDIUM),
        ("jetson-orin-nano", None, Confidence.HIGH),
        ("jetson-agx-thor", None, Confidence.MEDIUM),
    ],
)
def test_a_limit_of_another_device_or_release_is_trusted_less(
    device: str, release: str | None, trust: Confidence
) -> None:
    assert resolve(device, release=release).budget.confidence is trust


@pytest.mark.parametrize(
    ("device", "assume", "why"),
    [
        ("iphone14pro", "w5", "no scheme 'w5'"),
        ("pixel8", "palette4", "LiteRT has no form of palettes, so it cannot run palette4"),
        ("jetson-orin-nano", "sparse50", "TensorRT has no form of sparse weights"),
        ("iphone14pro", "bf16", "Core ML has no form of bfloat16"),
    ],
)
def test_a_scheme_that_is_none_or_has_no_form_is_refused(device: str, assume: str, why: str) -> None:
    with pytest.raises(TargetError, match=why):
        resolve(device, assume=assume)
    with pytest.raises(TargetError, match=why):
        replace(resolve(device), assume=assume)


def test_floats_are_the_precision_where_a_converter_chooses_them() -> None:
    assert resolve("iphone14pro", assume="fp32").precision == "float32"
    assert resolve("iphone14pro", assume="w8").precision == "float16"
    assert resolve("galaxys24", assume="fp32").precision == "float16"  # the HTP has no other
    assert resolve("jetson-orin-nano", assume="fp16").precision == "model"
