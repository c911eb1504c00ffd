from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan import devices
from edgeplan.capability.rows import RulesError, backend_names, load_backend
from edgeplan.devices import Device, DeviceError, Figure, all_devices, find_device, normal_id

DEVICES = [pytest.param(d, id=d.id) for d in all_devices()]
MEMORY = ("ram", "app-memory-limit", "memory-guidance", "visible-memory", "idle-memory-used")


@pytest.mark.parametrize("device", DEVICES)
def test_figures_are_sane_and_have_sources(device: Device) -> None:
    for figure in (*device.figures, *device.chip.figure):
        assert figure.value > 0
        assert figure.source, figure.of
        assert len(device.evidence(figure)) == len(figure.source), f"{figure.of} cites what is no source"
        if figure.of in MEMORY:
            assert figure.unit in ("KiB", "MiB", "GiB")
    for unit in device.chip.unit.values():
        assert set(unit.source) <= set(device.sources)


@pytest.mark.parametrize("device", DEVICES)
def test_an_app_gets_less_than_the_ram(device: Device) -> None:
    sizes = [f.bytes for f in device.figures_of("ram")]
    assert all(16 * 2**10 <= size <= 256 * 2**30 for size in sizes)
    for of in ("app-memory-limit", "visible-memory", "idle-memory-used"):
        for figure in device.figures_of(of):
            if not figure.entitlement:
                whole = device.family == "microcontrollers"  # no system takes its part there
                assert figure.bytes < max(sizes) or (whole and figure.bytes == max(sizes)), of


@pytest.mark.parametrize("family", ["apple", "apple-ipad", "nvidia-jetson", "raspberry-pi"])
def test_ram_is_known_of_every(family: str) -> None:
    assert [d.id for d in all_devices() if d.family == family and not d.figures_of("ram")] == []


@pytest.mark.parametrize("device", DEVICES)
def test_backends_units_and_generations_exist(device: Device) -> None:
    assert device.backends
    for name, span in device.backends.items():
        assert name in backend_names()
        releases = load_backend(name).releases
        assert {span.since, span.until} - {""} <= set(releases)
    for name, unit in device.chip.unit.items():
        for backend in map(load_backend, device.backends):
            spec = next((s for n, s in backend.units.items() if (s.hardware or n) == name), None)
            if spec is not None and spec.generations:
                assert unit.generation in spec.generations, f"{name} of {device.chip.title} in {backend.name}"


@pytest.mark.parametrize("device", DEVICES)
def test_sources_are_pages(device: Device) -> None:
    for key, source in device.sources.items():
        assert source.url.startswith("https://"), key
        assert source.seen is not None, key


def test_names_are_unique_however_they_are_written() -> None:
    names: dict[str, str] = {}
    for device in all_devices():
        for name in {normal_id(n) for n in (device.id, device.title, *device.aliases)}:
            assert names.setdefault(name, device.id) == device.id
    assert len({d.id for d in all_devices()}) == len(all_devices())


def test_every_device_is_found_by_its_id_title_and_aliases() -> None:
    for device in all_devices():
        for name in (device.id, device.title, *device.aliases):
            assert find_device(name).id == device.id


@pytest.mark.parametrize("written", ["iphone14pro", "iPhone 14 Pro", "iphone-14-pro", "IPHONE_14_PRO"])
def test_a_device_is_found_as_people_write_it(written: str) -> None:
    assert find_device(written).id == "iphone14pro"


def test_a_plus_is_part_of_the_name() -> None:
    assert find_device("Galaxy S25+").id == "galaxys25plus"
    assert find_device("Galaxy S25").id == "galaxys25"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("iphone14por", "did you mean iphone14pro"),
        ("jetson-orin-nona", "did you mean jetson-orin-nano"),
        ("zx spectrum", "`edgeplan devices` lists them"),
        ("", "`edgeplan devices` lists them"),
    ],
)
def test_an_unknown_device_is_answered_with_near_ones(written: str, told: str) -> None:
    with pytest.raises(DeviceError, match="no device") as e:
        find_device(written)
    assert told in str(e.value)
    assert "\n" not in str(e.value)


def test_the_iphone_14_pro_has_6_gib() -> None:
    assert {f.bytes for f in find_device("iphone14pro").figures_of("ram")} == {6 * 2**30}


def test_a_memory_figure_is_in_bytes() -> None:
    assert Figure("ram", 1.5, "GiB", "stated", {}).bytes == 3 * 2**29
    assert Figure("ram", 512, "MiB", "stated", {}).bytes == 2**29


CHIPS = '[source.s]\nkind = "community"\n[chip.c]\ntitle = "C"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A devices folder of the test's own."""
    monkeypatch.setattr(devices, "rules_dir", lambda: tmp_path)
    monkeypatch.setattr(devices, "_index", devices._index.__wrapped__)
    (tmp_path / "devices").mkdir()
    return tmp_path / "devices"


def test_a_device_may_have_a_chip_of_another_file(folder: Path) -> None:
    (folder / "a.toml").write_text('[device.d]\ntitle = "D"\nchip = "c"\nbackends = {}\n', "utf-8")
    (folder / "b.toml").write_text(CHIPS, "utf-8")
    device = find_device("d")
    assert (device.family, device.chip.title, list(device.sources)) == ("a", "C", ["s"])


ASSUMED = """
[source.s]
kind = "community"
[chip.c]
title = "C"
[[assumption]]
of = "app-memory-limit"
share = 0.25
why = "w"
source = { s = "s" }
[device.d]
title = "D"
chip = "c"
backends = {}
"""
GIVEN = """
[[device.d.figure]]
of = "%s"
value = %d
unit = "GiB"
kind = "stated"
source = { s = "s" }
"""


@pytest.mark.parametrize(
    ("figures", "limits"),
    [
        ((), []),
        ((("ram", 8),), [("assumed", 2 * 2**30)]),
        ((("ram", 8), ("ram", 4)), [("assumed", 2**30)]),
        ((("ram", 8), ("app-memory-limit", 3)), [("stated", 3 * 2**30)]),
    ],
)
def test_an_assumption_stands_in_for_a_figure_that_is_missing(
    folder: Path, figures: tuple[tuple[str, int], ...], limits: list[tuple[str, int]]
) -> None:
    (folder / "a.toml").write_text(ASSUMED + "".join(GIVEN % figure for figure in figures), "utf-8")
    device = find_device("d")
    assert [(f.kind, f.bytes) for f in device.figures_of("app-memory-limit")] == limits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[device.d]\ntitle = "D"\nchip = "x"\nbackends = {}\n', "device 'd' has no chip 'x'"),
        ('[device.d]\ntitle = "D"\nchip = "c"\nbackends = {}\ncolour = 1\n', "unknown field `colour`"),
    ],
)
def test_a_broken_file_is_named(folder: Path, text: str, told: str) -> None:
    (folder / "a.toml").write_text(text + CHIPS, "utf-8")
    with pytest.raises(RulesError, match=r"^devices/a\.toml: ") as e:
        find_device("d")
    assert told in str(e.value)
