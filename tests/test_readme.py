"""The README shows what the program really prints, and CI runs the test command it gives."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", ROOT / "docs" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_up_to_date(render: ModuleType) -> None:
    assert render.render(README) == README, "run `python docs/render.py`"


def test_pages_made_from_the_rules_are_up_to_date(render: ModuleType) -> None:
    pages = render.pages()
    assert set((ROOT / "docs" / "backends").glob("*.md")) <= set(pages)
    for path, page in pages.items():
        assert path.read_text("utf-8") == page, f"run `python docs/render.py`: {path.name}"


def test_ci_runs_the_test_command_word_for_word() -> None:
    commands = re.search(r"```sh\n(.*?)\n(.*?)\n```", README)
    assert commands is not None
    assert commands[2] in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_python_example_runs() -> None:
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    code = example[1].replace("samples/", f"{ROOT}/samples/")
    exec(compile(code, "README.md", "exec"), {})
