"""The catalogue of rewrites: every name has its file, its place in the order, its page and its tests."""

import importlib
import re
from pathlib import Path

import pytest

from edgeplan.surgery import rewrites as catalogue
from edgeplan.surgery.claim import EXACT
from edgeplan.surgery.rewrite import Stage
from edgeplan.surgery.rewrites import NAMES, rewrite, rewrites

FILES = {p.stem.replace("_", "-") for p in Path(catalogue.__file__).parent.glob("[a-z]*.py")}
TESTS = Path(__file__).parent / "rewrites"


def page(name: str) -> str:
    return importlib.import_module(f"edgeplan.surgery.rewrites.{name.replace('-', '_')}").__doc__ or ""


def test_every_file_has_one_place_in_the_order() -> None:
    assert sorted(NAMES) == sorted(FILES)
    assert len(NAMES) >= 40


def test_they_come_by_stages() -> None:
    stages = [rewrite(name).stage for name in NAMES]
    assert stages == sorted(stages)
    for last in Stage:
        assert [r.id for r in rewrites(last)] == [n for n, s in zip(NAMES, stages, strict=True) if s <= last]


def test_tidying_changes_no_bit_but_where_sums_are_turned() -> None:
    assert [r.id for r in rewrites(Stage.TIDY) if r.claim != EXACT] == ["push-transposes"]


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_page_and_tests(name: str) -> None:
    title, _, rest = page(name).partition("\n")
    assert re.fullmatch(r"[A-Z][^`]*\.", title), title
    before, after = rest.find("\nBefore:\n"), rest.find("\nAfter")
    assert 0 <= before < after, "the programs before and after"
    assert re.search(r"\n\n[A-Za-z(|]", rest[after:]), "why they are equal, and when not"
    assert (TESTS / f"test_{name.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_what_undoes_a_rewrite_is_another_one(name: str) -> None:
    assert rewrite(name).undone_by <= set(NAMES) - {name}
