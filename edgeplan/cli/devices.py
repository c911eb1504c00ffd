"""`edgeplan devices`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from edgeplan.capability.rows import RulesError
from edgeplan.devices import Device, DeviceError, Figure, all_devices, find_device

__all__ = ["devices"]


@click.command()
@click.argument("device", required=False)
@click.option("--backend", "-b", metavar="NAME", help="Only devices that run this backend.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def devices(device: str | None, backend: str | None, format_: str) -> None:
    """List the devices, or show DEVICE with every figure and its source."""
    try:
        found = (find_device(device),) if device else all_devices()
    except (DeviceError, RulesError) as e:
        raise click.UsageError(str(e)) from None
    if backend:
        found = tuple(d for d in found if backend in d.backends)
        if not found:
            raise click.UsageError(f"no device runs a backend {backend!r}")
    if format_ == "json":
        from edgeplan.report.pretty import pretty_json

        click.echo(pretty_json(found[0] if device else found), nl=False)
    else:
        click.echo("\n".join(_one(found[0]) if device else _list(found)))


def _list(found: Sequence[Device]) -> Iterator[str]:
    rows = [(d.id, d.title, d.chip.title, _ram(d), ", ".join(d.backends)) for d in found]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for i, (device, row) in enumerate(zip(found, rows, strict=True)):
        if i == 0 or device.family != found[i - 1].family:
            yield f"{'' if i == 0 else chr(10)}{device.family}"
        yield "  " + "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]])


def _ram(device: Device) -> str:
    sizes = sorted(device.figures_of("ram"), key=lambda f: f.bytes)
    return "/".join(dict.fromkeys(f"{f.value:g} {f.unit}" for f in sizes))


def _one(device: Device) -> Iterator[str]:
    yield f"{device.title} ({device.id})"
    if device.aliases:
        yield f"  also called   {', '.join(device.aliases)}"
    yield f"  chip          {device.chip.title}"
    for name, unit in device.chip.unit.items():
        facts = [unit.generation, f"{unit.count} cores" if unit.count > 1 else "", *unit.features]
        yield f"  unit          {name}  {'  '.join(f for f in facts if f)}".rstrip()
    for name, span in device.backends.items():
        reach = f"{span.since or 'first'} to {span.until or 'newest'}" if span.since or span.until else ""
        yield f"  backend       {name}  {reach}".rstrip()
    for figure in (*device.figures, *device.chip.figure):
        yield from _figure(device, figure)


def _figure(device: Device, figure: Figure) -> Iterator[str]:
    extra = [
        figure.os,
        f"on {figure.measured_on}" if figure.measured_on else "",
        f"with the entitlement {figure.entitlement}" if figure.entitlement else "",
    ]
    said = ", ".join(e for e in extra if e)
    facts = [figure.kind, *([said] if said else []), f"confidence {device.confidence(figure).value}"]
    yield f"  {figure.of}: {figure.value:g} {figure.unit}  [{'; '.join(facts)}]"
    for evidence in device.evidence(figure):
        yield f"      {evidence.kind}: {evidence.words}"
        if evidence.url:
            yield f"      {evidence.url}"
    if figure.note:
        yield f"      {figure.note}"
