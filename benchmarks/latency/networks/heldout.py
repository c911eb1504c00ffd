"""Makes networks that no published table in use names, to test a latency model on what it was not fitted to.

    python -m benchmarks.latency.networks.heldout FOLDER [FILE ...]

Needs torch, torchvision and timm of at least 1.0.20.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.latency.networks.catalog import Wanted, run
from benchmarks.latency.networks.iphone import classifier

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NAMES", "wanted"]

NAMES = {
    "ghostnet": ("ghostnetv2_100",),
    "edgenext": ("edgenext_xx_small", "edgenext_small"),
    "mobilevit": ("mobilevit_xs", "mobilevit_s"),
    "xcit": ("xcit_tiny_12_p16_224",),
    "levit": ("levit_128s", "levit_256"),
    "regnet": ("regnety_008", "regnetx_016"),
    "rexnet": ("rexnet_100",),
    "hrnet": ("hrnet_w18_small",),
    "tinynet": ("tinynet_a", "tinynet_c"),
    "lcnet": ("lcnet_100",),
    "mixnet": ("mixnet_s", "mixnet_m"),
    "dpn": ("dpn68b",),
    "fbnet": ("fbnetc_100",),
    "hardcorenas": ("hardcorenas_a",),
    "pvt": ("pvt_v2_b0",),
    "convnextv2": ("convnextv2_atto",),
    "csp": ("cspresnet50", "cspdarknet53"),
    "vovnet": ("ese_vovnet19b_dw",),
    "dla": ("dla34",),
    "res2net": ("res2net50_26w_4s",),
    "efficientnet_lite": ("efficientnet_lite0",),
    "selecsls": ("selecsls42b",),
    "twins": ("twins_svt_small",),
    "visformer": ("visformer_tiny",),
    "tinyvit": ("tiny_vit_5m_224",),
    "efficientvit_m": ("efficientvit_m0", "efficientvit_m4"),
    "gernet": ("gernet_s",),
    "starnet": ("starnet_s1",),
    "fasternet": ("fasternet_t0",),
    "repghost": ("repghostnet_100",),
}
"""Families and their networks in timm, all for 224x224."""


def wanted() -> Iterator[Wanted]:
    """Every network under its name in timm."""
    for family, names in NAMES.items():
        for name in names:
            yield Wanted(f"{name}_224", (("", name),), family, partial(classifier, name, 224))


if __name__ == "__main__":
    run(str(__doc__), wanted)
