"""Every standard op of opset 7 and later has a lowering, or a row that says why it has none."""

from onnx import defs

from edgeplan.capability.rows import load_backend
from edgeplan.lower.tflite import LOWERINGS

WITHOUT = {op.removeprefix("onnx.") for row in load_backend("tflite").rows for op in row.ops if op.startswith("onnx.")}
"""The ops of which a row says that nothing lowers them."""

_FIRST = 7


def _standard_ops() -> set[str]:
    """The ops of the default domain that an opset from 7 on still has."""
    versions: dict[str, list[tuple[int, bool]]] = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            versions.setdefault(schema.name, []).append((schema.since_version, schema.deprecated))
    return {name for name, found in versions.items() if not max(found)[1] or max(found)[0] > _FIRST}


def test_every_op_has_a_lowering_or_a_reason():
    assert sorted(_standard_ops() - LOWERINGS.keys() - WITHOUT - {"Constant"}) == []  # constants are values by then


def test_no_reason_is_out_of_date():
    assert sorted(WITHOUT & LOWERINGS.keys()) == []
