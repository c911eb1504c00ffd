"""What pruning takes of a network and leaves, layer by layer: groups with what each saves, widths, and what stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.pruning.layers import layer_widths
from edgeplan.pruning.plan import GroupPlan, PrunePlan
from edgeplan.pruning.structure import Frozen
from edgeplan.report.escape import plain
from edgeplan.surgery.pruning.pruning import Pruned
from edgeplan.units import count, say_bytes, say_macs, say_percent, say_seconds

__all__ = ["frozen_parts", "group_parts", "indented", "layer_parts"]

_GROUPS = 8
_LAYERS = 24
_REASONS = 6
"""How many of each are shown unless all are asked for."""

_SHORT, _LONG, _FULL = 36, 60, 120
"""Characters of a name, in a table, beside it, and where all are asked for."""

_LINE = 72
"""Characters of names that stand on a line."""

_SECONDS = 5e-7
"""Below it a time is said as nothing."""


def indented(part: RenderableType) -> Padding:
    """A part of the report below its first line."""
    return Padding(part, (0, 0, 0, 2))


def group_parts(found: Pruned, everything: bool) -> Iterator[RenderableType]:
    """The groups that lost most of their score, or all of them; how many there are."""
    groups = found.plan.groups
    less = [g for g in groups if g.after < g.before]
    most = sorted(less, key=lambda g: (-g.lost, -g.macs_saved, -g.bytes_saved))[:_GROUPS]
    if everything:
        yield from (part for g in groups for part in _group(g, found.score))
    else:
        yield indented(_table(most, found.score))
    more = f"; {len(less) - len(most)} more with --all" if len(less) > len(most) and not everything else ""
    yield indented(Text(f"{len(less):,} of {count(len(groups), 'group')} of channels narrowed{more}", "bold"))
    yield from (indented(Text(plain(note, 300), "dim")) for note in found.notes)


def _table(groups: Sequence[GroupPlan], score: str) -> Table:
    """A line for each group: the op that makes its channels, and how many others they run through."""
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    heads = ("channels of", "", f"lost ({score})" if score else "", "saves")
    table.add_row(*(Text(head, "dim") for head in heads))
    for g in groups:
        others = len([o for o in g.ops if o != g.name])
        name = Text(_tail(g.name, _SHORT)).append(f", +{others:,}" if others else "", "dim")
        said = Text(_saved(g)).append(f"  {g.note}" if g.note else "", "dim")
        table.add_row(name, _widths(g.before, g.after), say_percent(g.lost) if score else "", said)
    return table


def _group(g: GroupPlan, score: str) -> Iterator[RenderableType]:
    """A group with all its ops."""
    saved = _saved(g)
    line = Text(_widths(g.before, g.after))
    line.append(f", {say_percent(g.lost)} of {score} lost" if g.after < g.before and score else "")
    line.append(f", saves {saved}" if saved else "").append(f", {g.note}" if g.note else "", "dim")
    yield indented(Text(plain(g.name), "bold" if g.after < g.before else ""))
    yield Padding(line, (0, 0, 0, 4))
    others = ", ".join(plain(o) for o in g.ops if o != g.name)
    if others:
        yield Padding(Text(f"with {others}", "dim"), (0, 0, 0, 4))


def _widths(before: int, after: int) -> str:
    return f"{before:,} -> {after:,}" if after < before else f"{before:,}"


def _saved(group: GroupPlan) -> str:
    said = [say_macs(group.macs_saved)] if group.macs_saved else []
    said += [say_bytes(group.bytes_saved)] if group.bytes_saved else []
    seconds = group.seconds_saved or 0.0
    said += [say_seconds(seconds)] if seconds >= _SECONDS else []
    return ", ".join(said)


def _tail(name: str, longest: int) -> str:
    """A name without its beginning where it is too long: what tells layers apart stands at the end."""
    said = plain(name, 4 * longest)
    return said if len(said) <= longest else f"...{said[3 - longest :]}"


def layer_parts(plan: PrunePlan, everything: bool) -> Iterator[RenderableType]:
    """The widths to type into the code that builds the network."""
    widths = layer_widths(plan.kept)
    less = [w for w in widths if w.after < w.before]
    shown = widths if everything else less[:_LAYERS]
    yield indented(Text("the widths to build and train it with, layer by layer", "bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_row(Text("channels", "dim"), Text("layers", "dim"))
    for one in shown:
        names = [_tail(n, _FULL if everything else _LONG) for n in one.ops]
        fit = len(names) if everything else max(sum(n <= _LINE for n in accumulate(len(n) + 2 for n in names)), 1)
        rest = f", +{len(names) - fit:,}" if len(names) > fit else ""
        line = Text(", ".join(names[:fit]) + rest)
        if one.parts is not None and one.parts[1] < one.parts[0]:
            line.append(f"  ({one.parts[0]:,} -> {one.parts[1]:,} units)", "dim")
        table.add_row(_widths(one.before, one.after), line)
    yield indented(table)
    if len(shown) < len(less):
        yield indented(Text(f"{len(less) - len(shown)} more with --all", "dim"))


def frozen_parts(frozen: Sequence[Frozen], everything: bool) -> Iterator[RenderableType]:
    """What stays: by reason, those of most layers first; or every op."""
    if not frozen:
        return
    reasons: dict[str, list[Frozen]] = {}
    for one in frozen:
        reasons.setdefault(one.reason, []).append(one)
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    ordered = sorted(reasons.items(), key=lambda item: -len(item[1]))
    for reason, ones in ordered if everything else ordered[:_REASONS]:
        names = ones if everything else ones[:2]
        rest = f", +{len(ones) - len(names):,}" if len(ones) > len(names) else ""
        said = Text(f"{count(len(ones), 'layer')} {'stays' if len(ones) == 1 else 'stay'}: {plain(reason, 200)}")
        listed = ", ".join(_tail(f.op, _FULL if everything else _LONG) for f in names)
        said.append(f"\n{listed}{rest}", "dim")
        table.add_row("", said)
    yield ""
    yield indented(table)
    if not everything and len(ordered) > _REASONS:
        yield Padding(Text(f"{len(ordered) - _REASONS} more reasons with --all", "dim"), (0, 0, 0, 3))
