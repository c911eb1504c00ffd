"""The page of a rewrite, and the list of all: made of its docstring, its claim, the rows it cures and its evidence."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from edgeplan.capability.rows import load_backend
from edgeplan.surgery.evidence import Known, cured_rows, known_of
from edgeplan.surgery.rewrite import Rewrite, Stage
from edgeplan.surgery.rewrites import rewrite, rewrites

__all__ = ["catalogue_page", "rewrite_page", "title_of"]

_STAGES = {
    Stage.TIDY: "Tidies: fewer ops on any runtime; kept when the plan gets no worse.",
    Stage.FOLD: "Folds: weights computed beforehand; kept when the plan gets no worse.",
    Stage.FUSE: "Fuses: a pattern written as the one op it is; kept when the plan gets no worse.",
    Stage.FORM: "Changes the form: kept only where the plan of the target gets better.",
}


def title_of(one: Rewrite) -> str:
    """The first line of its page, without the full stop."""
    return _page(one)[0].rstrip(".")


def rewrite_page(name: str) -> str:
    """The page of one rewrite, in Markdown."""
    return "\n".join(_lines(rewrite(name))).rstrip() + "\n"


def catalogue_page() -> str:
    """All rewrites as a table, in the order in which they have their turn."""
    lines = ["| rewrite | what it does | numbers | stage |", "|---|---|---|---|"]
    for one in rewrites():
        stage = one.stage.name.lower()
        lines.append(f"| [`{one.id}`](rewrites/{one.id}.md) | {title_of(one)} | {one.claim.risk} | {stage} |")
    return "\n".join(lines) + "\n"


def _page(one: Rewrite) -> list[str]:
    return inspect.cleandoc(sys.modules[type(one).__module__].__doc__ or "").splitlines()


def _lines(one: Rewrite) -> Iterator[str]:
    title, *rest = _page(one)
    yield f"# {one.id}"
    yield ""
    yield title
    yield from _body(rest)
    yield ""
    yield "## What becomes of the numbers"
    yield ""
    yield f"{one.claim.risk.capitalize()}{f': {one.claim.why}' if one.claim.why else ''}. {_STAGES[one.stage]}"
    yield ""
    yield f"`edgeplan rewrite MODEL -t DEVICE --only {one.id} -o OUT.onnx`"
    rows = cured_rows().get(one.id, ())
    if rows:
        yield from ("", "## Rows it cures", "")
        yield from (f"- `{row}`" for row in rows)
    known = known_of(one.id)
    if known:
        yield from ("", "## What is known of its use", "")
        yield from (_evidence(k) for k in known)


def _body(lines: list[str]) -> Iterator[str]:
    """The docstring as Markdown: what is indented is a program."""
    inside = open_line = False
    for line in lines:
        if inside and not line:
            open_line = True  # kept only where the program goes on behind it
            continue
        program = line.startswith("    ")
        if program and not inside:
            yield from ("", "```")
        elif inside and not program:
            yield from ("```", "")
        elif open_line:
            yield ""
        yield line.removeprefix("    ") if program else line
        inside, open_line = program, False
    if inside:
        yield "```"


def _evidence(known: Known) -> str:
    units = f" ({', '.join(known.units)})" if known.units else ""
    head = f"{load_backend(known.backend).title}{units}"
    sources = "; ".join(f"[{e.key}]({e.url}) ({e.kind}): {e.words}" for e in known.evidence)
    return f"- **{head}**{'' if known.pays else ', gains nothing'}: {known.says} {sources}"
