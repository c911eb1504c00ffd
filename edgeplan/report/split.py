"""Where to cut a model between a device and a cloud, as text: the verdict, the ways side by side, and why there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.report.split_offers import curve_parts, encoding_parts, trace_parts
from edgeplan.report.split_scan import policy_parts, scan_parts
from edgeplan.report.split_ways import ways_parts
from edgeplan.report.split_words import cloud_title, link_line, listed, short_title, tensor_line, verdict_of
from edgeplan.report.text import finding_part
from edgeplan.splitting.split import SplitPlan
from edgeplan.splitting.way import Tensor, Way
from edgeplan.units import say_bytes, say_macs

if TYPE_CHECKING:
    from edgeplan.surgery.splitting.splitting import SplitFiles

__all__ = ["render_split"]

_WORTH = 0.9
"""Of the best way's time: an encoding that makes a split take no more is worth naming."""

_TENSORS = 3
"""Tensors that are named of those sent."""


def render_split(
    found: SplitPlan,
    made: SplitFiles | None = None,
    *,
    asked: bool = False,
    everything: bool = False,
    given: str = "",
    color: bool = False,
    width: int | None = None,
) -> str:
    """The report as text; without `width` it fits the terminal, or 100.

    `made` are the two models, where they were made; `asked` says that the way was chosen beforehand. `everything` shows
    every place of the cut there is, every op of a finding, the trade-off and the sources. `given` are the options of
    this run beside the model, as they are to be typed again.
    """
    return printed(_parts(found, made, asked, everything, given), color=color, width=width)


def _parts(
    found: SplitPlan, made: SplitFiles | None, asked: bool, everything: bool, given: str
) -> Iterator[RenderableType]:
    yield from _head(found, asked)
    yield ""
    yield from ways_parts(found, everything)
    yield from scan_parts(found, everything)
    yield from policy_parts(found)
    yield from encoding_parts(found, made.encodings if made is not None else (), everything)
    yield from trace_parts(found)
    if everything or found.objective != "latency":
        yield from curve_parts(found)
    for finding in found.findings:
        yield ""
        yield finding_part(finding, None, everything, "")
    if everything:
        yield from _sources(found)
    if made is not None:
        from edgeplan.report.split_files import files_parts  # onnx comes with it

        yield from files_parts(made)
    else:
        yield from _next(found, given, asked)


def _head(found: SplitPlan, asked: bool) -> Iterator[RenderableType]:
    word, style = verdict_of(replace(found, rivals=(), findings=()) if asked else found)
    goal = "" if found.objective == "latency" else f"   least {_GOALS[found.objective]}"
    goal += "   as asked" if asked else ""
    yield Text.assemble((word, style), "   ", (found.device.title, "bold"), goal)
    model = found.model
    facts = [say_bytes(model.file_bytes)] if model.file_bytes is not None else []
    facts += [f"{model.ops:,} op{'' if model.ops == 1 else 's'}", say_macs(model.macs)]
    yield Padding(Text(f"{plain(model.name, 60)}   {', '.join(facts)}"), (0, 0, 0, 2))
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(width=7, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row("cloud", cloud_title(found), "")
    grid.add_row("link", link_line(found.network), Text(found.network.kind, "dim"))
    for head, said in _cut(found):
        grid.add_row(head, said, Text("computed" if head in ("sends", "back") else "", "dim"))
    yield Padding(grid, (0, 0, 0, 2))


_GOALS = {"energy": "energy on the device", "cost": "cost of the cloud"}


def _cut(found: SplitPlan) -> Iterator[tuple[str, str]]:
    """What the best way sends, and who runs how much; nothing where no way is allowed."""
    one = found.chosen
    if one.refused or not one.way.offloads:
        return
    way = one.way
    if way.kind == "split":
        here, there = len(way.device_ops), way.cloud_ops
        yield "cut", f"{here:,} of the {here + there:,} ops that run are on the device, {there:,} in the cloud"
    yield "sends", _tensors(way.up)
    if way.down:
        yield "back", _tensors(way.down)


def _tensors(sent: Sequence[Tensor]) -> str:
    rest = sent[_TENSORS:]
    more = f", +{len(rest)} of {say_bytes(sum(t.sent or 0 for t in rest))}" if rest else ""
    return f"{', '.join(map(tensor_line, sent[:_TENSORS]))}{more}"


def _sources(found: SplitPlan) -> Iterator[RenderableType]:
    """What the figures of the link, its radio and the cloud rest on."""
    network = found.network
    radio = (network.radio.basis, network.radio.evidence) if network.radio is not None else (network.no_radio, ())
    yield ""
    for name, basis, evidence in (
        ("link", network.basis, network.evidence),
        ("radio", *radio),
        ("cloud", found.cloud.basis, found.cloud.evidence),
    ):
        if basis:
            yield Padding(Text(f"{name}: {plain(basis, 400)}", "dim"), (0, 0, 0, 2))
        for one in evidence:
            yield Padding(Text(source_line(one), "dim"), (0, 0, 0, 4))


def _next(found: SplitPlan, given: str, asked: bool) -> Iterator[RenderableType]:
    said = ""
    split = found.chosen.way.kind == "split"
    offers = found.encodings if split or not (asked or found.chosen.expected is not None) else ()
    offer = min(offers, key=lambda o: o.latency.likely, default=None)
    time = found.chosen.latency
    if offer is not None and time is not None and offer.latency.likely < _WORTH * time.likely:
        said = f"--encode {offer.encoding}, where the outputs bear it: a split then takes {offer.latency.said()}"
    elif found.rivals:
        ways = [short_title(found.choices[i].way) for i in (found.best, *found.rivals)]
        said = f"measure {listed(ways)} over the real link: the figures do not tell them apart"
    elif _worth_writing(found.chosen.way) and given:
        said = f"edgeplan split {quote(found.model.name)} {given} -o FOLDER"
    if said:
        yield ""
        yield Padding(Text.assemble(("next: ", "green"), plain(said, 600)), (0, 0, 0, 2))


def _worth_writing(way: Way) -> bool:
    """Whether there are two models to write."""
    return way.kind == "split"
