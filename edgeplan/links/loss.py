"""How much one TCP connection carries over a link that loses packets: a bound to hold beside a stated bandwidth."""

from __future__ import annotations

from math import inf, sqrt

from edgeplan.links.network import Network, Rate

__all__ = ["loss_bound", "loss_note", "reno_bound"]

_SEGMENT = 1460
"""Bytes of payload in a packet of 1500, the most that Ethernet takes: 20 go to IP, 20 to TCP."""


def reno_bound(rtt: float, loss: float, segment: int = _SEGMENT) -> float:
    """The most bits a second of a connection that halves its window at each loss, and opens it by a segment a trip.

    The window then goes from W / 2 to W and back, with one loss in 3 W^2 / 8 packets, so that the rate is
    segment / rtt * sqrt(3 / 2) / sqrt(loss): `rtt` in seconds, `loss` the part of packets lost, `segment` in bytes.
    Delayed acknowledgements and timeouts make it less. CUBIC at long trips, and BBR, which does not take loss for
    congestion, may carry more.

    Source: M. Mathis, J. Semke, J. Mahdavi, T. Ott, "The Macroscopic Behavior of the TCP Congestion Avoidance
    Algorithm", ACM SIGCOMM Computer Communication Review 27(3) 1997, 67-82, doi:10.1145/263932.264023.
    """
    return 8 * segment / rtt * sqrt(1.5 / loss) if rtt > 0 and loss > 0 else inf


def loss_bound(network: Network) -> Rate | None:
    """`reno_bound` over the range of the network's round trips; None where its loss or round trip is not told, or 0.

    It is no figure of the network: measured bandwidths have the loss in them, and are not lowered by it once more.
    """
    if not network.loss or network.rtt is None or network.rtt.low <= 0:
        return None
    low, likely, high = (reno_bound(t, network.loss) for t in (network.rtt.high, network.rtt.likely, network.rtt.low))
    return Rate(low, likely, high)


def loss_note(network: Network) -> str:
    """What the loss says about the stated uplink, where one connection may not reach it; else nothing."""
    bound = loss_bound(network)
    if bound is None or bound.likely >= network.up.likely or network.rtt is None:
        return ""
    return (
        f"with {network.loss:.2g} of the packets lost and {1e3 * network.rtt.likely:.3g} ms a trip, one TCP connection "
        f"that takes loss for congestion carries at most about {bound.likely / 1e6:.3g} Mbit/s (Mathis et al. 1997); "
        f"the {network.up.likely / 1e6:.3g} Mbit/s up need several of them, or another congestion control"
    )
