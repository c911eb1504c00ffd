"""Proofs by what they speak of: the same ops with the same shapes are proved once, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import onnx

from edgeplan.surgery.claim import Claim
from edgeplan.surgery.looking import dims, known
from edgeplan.surgery.proof import Disproof, Proof, prove
from edgeplan.surgery.region import Region

__all__ = ["Ledger"]


class Ledger:
    """Keeps every proof and disproof made in a run; with `proving` off it believes what rewrites claim."""

    def __init__(self, proving: bool = True) -> None:
        self.proving = proving
        self._found: dict[bytes, Proof | Disproof] = {}

    def prove(self, cut: Callable[[], Region | str], claim: Claim) -> Proof | Disproof:
        """The proof for the region that `cut` gives, looked up or made; for what is no region, why there is none."""
        if not self.proving:
            return Proof(0, 0.0, False)
        part = cut()
        if isinstance(part, str):
            return Disproof(f"could not be tried: {part}", tried=False)
        key = _signature(part, claim)
        if key not in self._found:
            self._found[key] = prove(part, claim)
        return self._found[key]


def _signature(part: Region, claim: Claim) -> bytes:
    """What a proof depends on: ops, attributes, types, shapes and settings, not the names or the weights."""
    short: dict[str, str] = {"": ""}
    digest = sha256(claim.kind.encode())
    for node in (*part.before, *part.after):
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.ClearField("name")
        copy.ClearField("doc_string")
        copy.ClearField("metadata_props")
        for names in (copy.input, copy.output):
            named = [short.setdefault(n, str(len(short))) for n in names]
            del names[:]
            names.extend(named)
        digest.update(copy.SerializeToString(deterministic=True))
    for value in (*part.inputs, *part.constants):
        small = known(value)
        seen = small.tobytes() if small is not None and small.dtype.kind in "iub" else b""
        digest.update(f"{short.get(value.name or '')} {value.dtype} {dims(value)}".encode() + seen)
    return digest.digest()
