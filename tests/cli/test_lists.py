"""`devices`, `rules` and `explain`: what edgeplan knows, shown."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from edgeplan.capability.rows import load_backend
from edgeplan.devices import Device, all_devices
from edgeplan.finding import CODES, Code
from edgeplan.pages import finding_page, findings_dir

Run = Callable[..., Result]


def test_every_device_is_listed(run: Run) -> None:
    result = run("devices")
    assert result.exit_code == 0
    listed = {line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")}
    assert listed == {d.id for d in all_devices()}


def test_devices_are_listed_by_backend(run: Run) -> None:
    assert "iphone14pro" not in run("devices", "--backend", "tensorrt").stdout
    assert run("devices", "--backend", "nothing").exit_code == 2


def test_a_device_is_shown_with_every_figure_and_source(run: Run) -> None:
    result = run("devices", "iPhone 14 Pro")
    assert result.exit_code == 0
    assert result.stdout.startswith("iPhone 14 Pro (iphone14pro)\n")
    assert "ram: 6 GiB" in result.stdout
    assert "https://" in result.stdout
    assert "backend       coreml  iOS 16 to iOS 26" in result.stdout


def test_a_limit_is_shown_with_its_entitlement_and_how_far_it_holds(run: Run) -> None:
    shown = run("devices", "iphone14pro").stdout
    assert "with the entitlement increased-memory-limit; confidence medium]" in shown
    assert "app-memory-limit: 4 GiB  [assumed; confidence low]" in run("devices", "pixel8").stdout


@pytest.mark.parametrize("device", all_devices(), ids=lambda d: d.id)
def test_any_device_can_be_shown(run: Run, device: Device) -> None:
    assert run("devices", device.id).exit_code == 0


def test_devices_are_json_when_asked(run: Run) -> None:
    assert len(json.loads(run("devices", "--format", "json").stdout)) == len(all_devices())
    assert json.loads(run("devices", "iphone14pro", "--format", "json").stdout)["id"] == "iphone14pro"


def test_an_unknown_device_exits_2_with_near_ones(run: Run) -> None:
    result = run("devices", "iphone14por")
    assert result.exit_code == 2
    assert "did you mean iphone14pro" in result.stderr


def test_rules_of_an_op_are_shown_with_their_words(run: Run) -> None:
    result = run("rules", "--backend", "coreml", "--op", "Conv", "--unit", "ane")
    assert result.exit_code == 0
    assert "runs     coreml/ane/conv " in result.stdout
    assert "vendor-doc: " in result.stdout
    assert "coreml/cpu" not in result.stdout
    assert result.stdout.splitlines()[-1].endswith(" rows")


def test_an_op_without_rows_is_unknown_not_supported(run: Run) -> None:
    result = run("rules", "--backend", "qnn", "--op", "NoSuchOp")
    assert (result.exit_code, result.stdout) == (0, "no row says: that is unknown, not supported\n")


def test_rules_are_json_when_asked(run: Run) -> None:
    rows = json.loads(run("rules", "--backend", "coreml", "--format", "json").stdout)
    assert len(rows) == len(load_backend("coreml").rows)
    assert {"id", "ops", "unit", "verdict", "source"} <= set(rows[0])
    assert rows[0]["id"].startswith("coreml/")


def test_an_unknown_backend_exits_2_and_lists_them(run: Run) -> None:
    result = run("rules", "--backend", "openvino")
    assert result.exit_code == 2
    assert "no backend 'openvino'; there are coreml," in result.stderr


def test_the_rows_are_checked_when_asked(run: Run) -> None:
    result = run("rules", "lint", "--backend", "tensorrt")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.endswith("rows, 0 complaints\n")


def test_complaints_exit_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeplan.capability import lint

    monkeypatch.setattr(lint, "lint", lambda backend, schema_of, cited: [lint.Complaint("conv", "is wrong")])
    result = run("rules", "lint", "--backend", "coreml")
    assert (result.exit_code, result.stdout) == (1, "coreml: conv: is wrong\n")
    assert result.stderr.endswith("rows, 1 complaint\n")


@pytest.mark.parametrize("code", CODES.values(), ids=lambda c: c.id)
def test_every_code_is_explained_by_id_and_by_name(run: Run, code: Code) -> None:
    by_id, by_name = run("explain", code.id.lower()), run("explain", code.name)
    assert by_id.exit_code == 0
    assert by_id.stdout == by_name.stdout
    assert by_id.stdout.startswith(f"# {code.id} {code.name}\n")


HEADS = ["What it means", "Why it matters", "Example", "What to do", "Sources"]


@pytest.mark.parametrize("code", CODES)
def test_every_page_has_the_same_heads(code: str) -> None:
    heads = [line.removeprefix("## ") for line in finding_page(code).splitlines() if line.startswith("## ")]
    assert heads == HEADS


def test_no_page_is_without_a_code() -> None:
    assert {path.stem for path in findings_dir().glob("EP*.md")} == set(CODES)


@pytest.mark.parametrize("row_id", ["coreml/ane/conv-3d", "conv-3d"])
def test_a_row_is_explained_with_its_evidence(run: Run, row_id: str) -> None:
    result = run("explain", row_id)
    assert result.exit_code == 0
    assert result.stdout.startswith("coreml/ane/conv-3d   confidence ")
    for words in ("On the Neural Engine of Core ML", "when x.rank is at least 5", "says  ane-surface", "but   "):
        assert words in result.stdout


@pytest.mark.parametrize("backend", ["coreml", "tensorrt"])
def test_every_row_can_be_explained(run: Run, backend: str) -> None:
    table = load_backend(backend)
    for row in table.rows:
        result = run("explain", table.row_id(row))
        assert result.exit_code == 0, row.id
        assert row.verdict in result.stdout


@pytest.mark.parametrize(
    ("what", "told"),
    [("EP119", "did you mean EP1"), ("off-acelerator", "did you mean off-accelerator"), ("zzz", "codes are EP001")],
)
def test_what_has_no_explanation_is_answered_with_near_ones(run: Run, what: str, told: str) -> None:
    result = run("explain", what)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_help_lists_the_verbs(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    for verb in ("analyze", "devices", "explain", "rules"):
        assert f"\n  {verb}" in result.stdout
        assert run(verb, "-h").exit_code == 0
    assert run("--version").stdout.startswith("edgeplan ")
    assert run("conquer").exit_code == 2
