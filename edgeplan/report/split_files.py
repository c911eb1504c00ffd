"""The two models of a split as text: whether they give what the whole one gives, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from os.path import commonpath

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from edgeplan.report.escape import plain
from edgeplan.surgery.splitting.check import Check, Equality
from edgeplan.surgery.splitting.splitting import SplitFiles
from edgeplan.units import count, say_bytes

__all__ = ["files_parts"]


def files_parts(made: SplitFiles) -> Iterator[RenderableType]:
    """The halves with their ops and bytes, how they were checked, and the folder."""
    yield ""
    for side, half in made.manifest.halves.items():
        size = say_bytes(sum(f.bytes for f in half.files))
        yield _line(Text(f"{side:<6}  {plain(half.model, 80)}   {count(half.ops, 'op')}, {size}"))
    if made.check is not None:
        yield from map(_line, _checked(made.check))
    elif made.unmeasured:
        yield _line(Text(f"not checked: {plain(made.unmeasured, 300)}", "yellow"))
    if made.why:
        yield _line(Text(f"nothing written: {plain(made.why, 400)}", "bold red"))
    elif made.written:
        names = [plain(name, 400) for name in made.written]
        yield _line(Text(f"written: {commonpath(names) if len(names) > 1 else names[0]}", "green"))


def _line(text: Text) -> RenderableType:
    return Padding(text, (0, 0, 0, 2))


def _checked(check: Check) -> Iterator[Text]:
    on = f", on {plain(check.samples)}" if check.samples else ""
    drawn = ", with weights drawn at random" if check.random_weights else ""
    if check.why:
        yield Text(f"not checked: {plain(check.why, 400)}", "yellow")
        return
    if check.broken:
        return
    yield _equal(check.plain, "device, then cloud", f"{on}{drawn}")
    tail = "; float16 is rounded once more where the cut is" if check.float16 and check.optimised.unequal else ""
    if check.since:
        own = f"; the rewrites move the whole itself by {check.own:.1g}" if check.own else ""
        tail = f": fused in the whole, and not across the cut: {plain(check.since, 200)}{own}"
    yield _equal(check.optimised, "with onnxruntime's rewrites", tail)
    if check.by_chance:
        names = ", ".join(plain(name, 40) for name in check.by_chance[:3])
        yield Text(f"not compared: {names}, of which the whole model does not give the same twice", "yellow")


def _equal(found: Equality, head: str, tail: str) -> Text:
    """`device, then cloud: every bit of the whole model's outputs, on 2 random inputs`."""
    if found.why:
        return Text(f"{head}: {plain(found.why, 300)}", "yellow")
    if found.bit_equal:
        return Text(f"{head}: every bit of the whole model's outputs{tail or f', in {found.runs} runs'}", "green")
    names = ", ".join(plain(name, 40) for name in list(found.unequal)[:3])
    far = f"at most {found.worst:.1g} (relative)" if isfinite(found.worst) else "in type, shape or where it is finite"
    return Text(f"{head}: {names} differ{'s' if len(found.unequal) == 1 else ''} {far}{tail}", "yellow")
