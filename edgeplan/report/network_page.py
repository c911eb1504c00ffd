"""The page docs/networks.md: every network, radio and encoding that edgeplan brings, with its figures and sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeplan.finding import Evidence
from edgeplan.links.encoding import ENCODINGS, Encoding, find_encoding
from edgeplan.links.network import Network, Rate, all_networks
from edgeplan.links.network_file import shipped_files

__all__ = ["networks_page"]


def networks_page() -> str:
    """The tables and lists in Markdown, below the page's own words."""
    networks = all_networks()
    lines = ["## Networks", "", *_table(networks), ""]
    lines += [line for network in networks for line in _network(network)]
    lines += ["## Radios", "", *_radios(), "", "## Encodings", "", *_encodings()]
    return "\n".join(lines)


def _table(networks: Iterable[Network]) -> Iterator[str]:
    yield "| network | | uplink, Mbit/s | downlink, Mbit/s | round trip, ms | loss | radio | year |"
    yield "|---|---|--:|--:|--:|--:|---|--:|"
    rows = {id_: row for file in shipped_files().values() for id_, row in file.network.items()}
    for n in networks:
        down = "not known" if rows[n.id].down_mbps is None else _rate(n.down, 1e6)
        rtt = _rate(n.rtt, 1e-3) if n.rtt else "not known"
        loss = "not known" if n.loss is None else f"{100 * n.loss:g} %"
        radio = f"`{rows[n.id].radio}`" if n.radio else "not known"
        yield f"| `{n.id}` | {n.title} | {_rate(n.up, 1e6)} | {down} | {rtt} | {loss} | {radio} | {n.year} |"


def _network(network: Network) -> Iterator[str]:
    yield f"### {network.id}"
    yield ""
    yield f"{network.title} ({network.kind}): {network.basis}."
    if network.no_radio:
        yield f"What the radio takes is not known: {network.no_radio}."
    yield ""
    yield from _sources(network.evidence)
    yield ""


def _radios() -> Iterator[str]:
    yield "| radio | up, mW per Mbit/s | down, mW per Mbit/s | base, mW | tail | others, times | |"
    yield "|---|--:|--:|--:|--:|--:|---|"
    rows = [(id_, row, file) for file in shipped_files().values() for id_, row in file.radio.items()]
    for id_, row, _ in rows:
        slopes = f"{row.up_mw_per_mbps:g} | {row.down_mw_per_mbps:g} | {row.base_mw:g}"
        tail = f"{row.tail_mw:g} mW, {row.tail_s:g} s"
        yield f"| `{id_}` | {slopes} | {tail} | {row.spread[0]:g} to {row.spread[1]:g} | {row.why} |"
    yield ""
    for id_, row, file in rows:
        words = (f"[{key}]({file.source[key].url}): {said}" for key, said in row.source.items())
        yield f"- `{id_}`: {'; '.join(words)}"


def _encodings() -> Iterator[str]:
    yield "| encoding | what it does | bits | for | encoded, 10^9 elements/s | decoded |"
    yield "|---|---|--:|---|--:|--:|"
    found = [find_encoding(name) for name in ENCODINGS]
    for e in found:
        types = ", ".join(t.label for t in sorted(e.takes, key=lambda t: -t.bits)) if e.bits else "all types"
        bits = f"{'' if e.exact else 'at most '}{e.bits}" if e.bits else "as they are"
        yield f"| `{e.name}` | {e.does} | {bits} | {types} | {_speed(e.encode)} | {_speed(e.decode)} |"
    yield ""
    yield from (line for e in found if e.evidence for line in _encoding_sources(e))


def _encoding_sources(encoding: Encoding) -> Iterator[str]:
    yield f"- `{encoding.name}`: {encoding.why} {'; '.join(_said(e) for e in encoding.evidence)}"


def _sources(evidence: Iterable[Evidence]) -> Iterator[str]:
    yield from (f"- {_said(e)}" for e in evidence)


def _said(evidence: Evidence) -> str:
    key = f"[{evidence.key}]({evidence.url})" if evidence.url else evidence.key
    return f"{key}: {evidence.words}"


def _rate(rate: Rate, unit: float) -> str:
    low, likely, high = (f"{v / unit:.5g}" for v in (rate.low, rate.likely, rate.high))
    return likely if low == high else f"{likely} ({low} to {high})"


def _speed(speed: tuple[float, float, float] | None) -> str:
    return "no work" if speed is None else f"{speed[1]:.2g} ({speed[0]:.2g} to {speed[2]:.2g})"
