"""Every operator of ONNX, in any opset, is lowered to MIL or a row says why not."""

from __future__ import annotations

import pytest
from onnx import defs

from edgeplan.capability.rows import load_backend
from edgeplan.lower.mil.registry import LOWERINGS

NEVER_SEEN = {"Constant"}
"""What the frontend turns into a value."""

OPERATORS = sorted({(s.domain, s.name) for s in defs.get_all_schemas_with_history()})


@pytest.mark.parametrize("domain", sorted({domain for domain, _ in OPERATORS}))
def test_every_operator_is_lowered_or_refused(domain: str) -> None:
    rows = {op for row in load_backend("coreml").rows for op in row.ops}
    labels = {f"{domain}.{name}" if domain else name for d, name in OPERATORS if d == domain}
    left = {o for o in labels if o not in LOWERINGS and (f"onnx.{o}" if not domain else o) not in rows}
    assert left <= NEVER_SEEN
