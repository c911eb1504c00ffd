"""The example on every finding's page is real: its model, its command, and each line of output it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner
from onnx import parser

from edgeplan.cli.main import cli
from edgeplan.finding import CODES
from edgeplan.pages import finding_page

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("code", CODES)
def test_example_prints_what_the_page_shows(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = finding_page(code)
    shown = re.search(r"```console\n\$ edgeplan ([^\n]*)\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    words = shlex.split(shown[1])
    text = re.search(r"```onnx\n(.*?)```", page, re.DOTALL)
    if text is not None:
        onnx.save(parser.parse_model(text[1]), tmp_path / words[1])
        monkeypatch.chdir(tmp_path)
    else:
        monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    printed = iter(CliRunner().invoke(cli, words).stdout.splitlines())
    for line in shown[2].splitlines():
        if line.strip() and line.strip() != "...":
            assert line in printed, f"{line!r} is not printed, or not in this order"
    assert code in shown[2]
