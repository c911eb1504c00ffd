"""No graph, however malformed, makes a lowering fail, and a refused op leaves nothing behind."""

from importlib import import_module
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeplan.lower.mil import lower_mil
from tests.lower.hostile import malformed

_FAMILIES = [p.stem for p in sorted(Path(__file__).parent.glob("test_*.py")) if p.stem != Path(__file__).stem]
_TEXTS = sorted(
    text for name in _FAMILIES for text, _ in getattr(import_module(f".{name}", __package__), "CASES", {}).values()
)


@settings(max_examples=400, deadline=None)
@given(malformed(_TEXTS), st.sampled_from(["float16", "float32", "model"]))
def test_never_fails_and_never_leaves_half_a_lowering(graph, precision):
    lowered = lower_mil(graph, precision)
    refused = {op.name for op in lowered.ops if op.domain}
    for op in lowered.ops:
        assert op.domain or op.name.rpartition("/")[0] not in refused
        assert all(name in lowered.values for name in (*op.inputs, *op.outputs))
