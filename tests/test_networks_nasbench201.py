from __future__ import annotations

import pytest

import edgeplan
from benchmarks.latency.networks.nasbench201 import build, edges, write

# A stage's width doubles where its sides halve, so one operation is the same work in all 15 cells.
CELLS, PLANE = 15, 16**2 * 32**2
STEM, HEAD = 3 * 16 * 9 * 32**2, 64 * 10
HALVING = PLANE // 2 * (9 + 2 * 9 + 1)  # 3x3 to twice the width, 3x3 within it, 1x1 beside: at a quarter of the plane
ARCHITECTURES = [
    ("|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|", 2),
    ("|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|", 3 * 9),
    ("|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|skip_connect~2|", 9 + 1),
]


@pytest.mark.parametrize(("arch", "products"), ARCHITECTURES)
def test_work_follows_from_the_architecture(arch, products, tmp_path):
    found = edgeplan.analyze(str(write(tmp_path, 0, arch)), target="pixel8").model
    assert found.macs == STEM + 2 * HALVING + CELLS * products * PLANE + HEAD
    assert not found.free_dimensions


def test_a_removed_edge_still_multiplies_by_zero():
    arch = "|none~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|none~2|"
    model, size = build(arch)
    assert sum(operation == "none" for node in edges(arch) for operation, _ in node) == 2
    assert [node.op_type for node in model.graph.node].count("Mul") == 2 * CELLS
    assert size == sum(int(e.value) for t in model.graph.initializer for e in t.external_data if e.key == "length")
