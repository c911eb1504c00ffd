"""A way to run a model: all of it on the device, all of it in the cloud, or its first part here and the rest there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeplan.cost.estimate import Estimate

__all__ = ["NOTHING", "Kind", "Tensor", "Way"]

Kind = Literal["device", "cloud", "split"]

NOTHING = Estimate(0.0, 0.0, 0.0, "")
"""What takes no time."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that is sent: `bytes` as the model holds it, `sent` as `encoding` makes of them; None where only the
    data decide its size.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    bytes: int | None
    sent: int | None
    encoding: str = "raw"


@dataclass(frozen=True, slots=True)
class Way:
    """What a way takes: seconds on the device and in the cloud, and the tensors sent up to the cloud and back down.

    `device_ops` are the source ops that the device runs, by name, in order; `cloud_ops` is how many the cloud runs.
    """

    kind: Kind
    device: Estimate
    cloud: Estimate
    up: tuple[Tensor, ...] = ()
    down: tuple[Tensor, ...] = ()
    device_ops: tuple[str, ...] = ()
    cloud_ops: int = 0

    @property
    def offloads(self) -> bool:
        """Whether the link is used at all."""
        return self.kind != "device" or bool(self.up)

    @property
    def up_bytes(self) -> int:
        """Bytes sent to the cloud, of tensors whose size is known."""
        return sum(t.sent or 0 for t in self.up)

    @property
    def down_bytes(self) -> int:
        """Bytes sent back, of tensors whose size is known."""
        return sum(t.sent or 0 for t in self.down)

    def seconds(self, up: float, down: float, rtt: float) -> float:
        """The likely seconds of one inference over a link of so many bits a second up and down, and so long a trip."""
        here = self.device.likely
        if not self.offloads:
            return here
        return here + self.cloud.likely + rtt + 8 * self.up_bytes / up + 8 * self.down_bytes / down
