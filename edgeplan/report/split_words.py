"""What the reports on splits share: the names of ways and ops, rates of links, money."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeplan.cost.estimate import Estimate
from edgeplan.links.network import Network, Rate
from edgeplan.report.escape import plain
from edgeplan.splitting.split import Choice, SplitPlan
from edgeplan.splitting.way import Tensor, Way
from edgeplan.units import say_bytes, say_range, say_seconds

__all__ = [
    "VERDICTS", "cloud_title", "link_line", "listed", "refusal", "say_costs", "say_dollars", "say_rate", "short_title",
    "tensor_line", "verdict_of", "way_title",
]  # fmt: skip

VERDICTS = {"device": "KEEP IT ON THE DEVICE", "cloud": "SEND IT TO THE CLOUD", "split": "SPLIT AFTER"}
"""What to do, by the kind of the best way; a split is named with its last op."""

_KINDS = {"device": "device only", "cloud": "cloud only", "split": "split"}

_NAME = 40

_HOW = {"given": "as it was given"}


def short_title(way: Way) -> str:
    """`device only`, `cloud only`, `split`."""
    return _KINDS[way.kind]


def way_title(way: Way, longest: int = _NAME) -> str:
    """`device only`, `cloud only`, `split after /layer2/conv2`."""
    if way.kind != "split":
        return _KINDS[way.kind]
    return f"split after {plain(way.device_ops[-1], longest) if way.device_ops else 'the input'}"


def verdict_of(found: SplitPlan) -> tuple[str, str]:
    """The verdict and its style: what to do, or why nothing can be said; ways that are not apart are named together."""
    if not found.allowed:
        return "NO WAY IS ALLOWED", "bold red"
    best = found.chosen
    if best.refused:  # another way was asked for than one that is allowed
        return f"{_KINDS[best.way.kind].upper()} IS NOT ALLOWED", "bold red"
    if best.latency is None:
        return "CANNOT TELL", "bold magenta"
    said = VERDICTS[best.way.kind]
    if best.way.kind == "split":
        said = f"{said} {plain(best.way.device_ops[-1], _NAME)}" if best.way.device_ops else "SPLIT"
    if found.rivals:
        others = [_KINDS[found.choices[i].way.kind].upper() for i in found.rivals]
        said = said if best.way.kind == "split" else _KINDS[best.way.kind].upper()
        return listed([said, *others], "OR"), "bold yellow"
    if any(f.code == "EP706" for f in found.findings):
        return f"{said}, AS FAR AS IS KNOWN", "bold yellow"
    return said, "bold green"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]


def say_rate(bits: float) -> str:
    """`5.85 Mbit/s`, `130 kbit/s`: decimal prefixes, three digits, as links are sold."""
    for prefix, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if bits >= 0.9995 * size:
            return f"{bits / size:.3g} {prefix}bit/s" if bits < 999.5 * size else f"{bits / size:,.0f} {prefix}bit/s"
    return f"{bits:.0f} bit/s"


def say_dollars(dollars: float) -> str:
    """`$1.20`; below a cent two digits that count."""
    return f"${dollars:,.2f}" if dollars >= 0.01 or not dollars else f"${dollars:.2g}"


def say_costs(cost: Estimate, ranges: bool = True) -> str:
    """`$1.20 ($0.96 to $1.56)`; without `ranges` the likely figure alone."""
    low, likely, high = map(say_dollars, (cost.low, cost.likely, cost.high))
    return f"{likely} ({low} to {high})" if ranges and low != high else likely


def cloud_title(found: SplitPlan) -> str:
    """`Server, T4 (onnxruntime 1.31)`."""
    cloud = found.cloud
    runtime = cloud.release if cloud.release.startswith(cloud.backend) else f"{cloud.backend} {cloud.release}"
    return f"{plain(cloud.title, 60)} ({runtime})"


def link_line(network: Network) -> str:
    """`LTE 2017: 5.85 Mbit/s (2.00 to 12.0) up, 20 Mbit/s down, round trip 50.0 ms (30.0 to 90.0 ms), 1 % lost`."""
    lost = f", {network.loss * 100:.2g} % of packets lost" if network.loss else ""
    up, down = _said(network.up, say_rate), _said(network.down, say_rate)
    trip = _said(network.rtt, say_seconds) if network.rtt is not None else "not known"
    return f"{plain(network.title, 60)}: {up} up, {down} down, round trip {trip}{lost}"


def _said(rate: Rate, say: Callable[[float], str]) -> str:
    return say_range(rate.low, rate.likely, rate.high, say)


def tensor_line(tensor: Tensor) -> str:
    """`/conv2_out float32[1, 512, 28, 28] 1.5 MiB (raw)`; a shape nobody knows is left out."""
    shape = f"[{', '.join(map(str, tensor.shape))}]" if tensor.shape is not None else ""
    sent = say_bytes(tensor.sent) if tensor.sent is not None else "of a size that only data decide"
    how = "" if tensor.encoding == "raw" else f", {_HOW.get(tensor.encoding, f'as {tensor.encoding}')}"
    how += f" instead of {say_bytes(tensor.bytes)}" if how and tensor.bytes is not None else ""
    return f"{plain(tensor.name, 60)} {tensor.dtype}{shape} {sent}{how}"


def refusal(choice: Choice) -> str:
    """Why a way is not allowed, or why its time is not known."""
    return plain(choice.refused or choice.why, 400)
