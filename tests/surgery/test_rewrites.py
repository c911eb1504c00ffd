"""What a reader meets of every rewrite: its page, its line in the catalogue, and the answer to a misspelt name."""

from __future__ import annotations

import pytest

from edgeplan.report.catalogue import render_catalogue
from edgeplan.report.rewrite_page import catalogue_page, rewrite_page, title_of
from edgeplan.surgery.rewrite import Stage
from edgeplan.surgery.rewrites import NAMES, rewrite, unknown


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_its_name_says(name: str) -> None:
    one = rewrite(name)
    assert one.id == name
    assert one.roots
    assert one.claim.why or one.claim.kind != "changes"
    assert one.claim.kind != "changes" or one.stage is Stage.FORM  # no number changes but for a target


@pytest.mark.parametrize("name", NAMES)
def test_its_page_is_whole(name: str) -> None:
    made = rewrite_page(name)
    assert made.startswith(f"# {name}\n\n{title_of(rewrite(name))}.\n")
    assert made.count("```") % 2 == 0
    assert f"--only {name} " in made
    assert "\n\n\n" not in made


def test_the_catalogue_lists_them_all() -> None:
    table = catalogue_page()
    assert all(f"[`{name}`](rewrites/{name}.md) | {title_of(rewrite(name))} |" in table for name in NAMES)
    assert all(name in render_catalogue(width=100) for name in NAMES)


def test_unknown_names_are_said_with_the_nearest() -> None:
    assert unknown([]) == unknown(NAMES) == ""
    assert unknown(["pad-to-conv"]) == "no rewrite is called 'pad-to-conv'; did you mean pad-into-conv?"
    assert unknown(["drop-no-op", "\x1b[31m"]) == "no rewrite is called '\\x1b[31m'; see --list"
