"""Every rewrite whose pattern a sample holds finds it there, as often as it should; each place is proved."""

from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep

SAMPLES = Path(__file__).parents[2] / "samples"

SITES = {
    "basic_pitch": {
        "push-transposes": 1, "merge-reshapes": 53, "merge-concats": 7, "neg-to-mul": 9, "pad-to-concat": 9,
        "large-kernel-to-sum": 1, "concat-conv-to-sum": 1,
    },
    "blazeface_front_128": {"stem-to-space-to-depth": 1},
    "magika_v3_3": {
        "expand-before-broadcast": 4, "min-max-to-clip": 3, "matmul-add-to-gemm": 1, "split-gelu": 2,
        "linear-to-conv": 1, "conv1d-to-conv2d": 1, "global-pool-to-reduce-mean": 1,
    },
    "mlsd_tiny_320": {
        "pad-into-conv": 3, "dilation-to-batch": 1, "stem-to-space-to-depth": 1, "resize-to-conv-transpose": 3,
    },
    "ppocr_v4_det": {
        "batchnorm-into-conv": 2, "affine-into-conv": 58, "merge-pointwise-convs": 1, "div-to-mul": 24,
        "batchnorm-to-affine": 1, "split-hardsigmoid": 10, "concat-conv-to-sum": 1,
        "conv-transpose-to-depth-to-space": 2, "global-pool-to-reduce-mean": 10, "resize-to-conv-transpose": 6,
    },
    "silero_vad": {
        "if-constant": 2, "merge-slices": 8, "gather-to-slice": 4, "pow-to-mul": 4, "conv1d-to-conv2d": 20,
    },
}  # fmt: skip
"""Places by sample and rewrite, each alone on the sample as it is."""


@pytest.mark.parametrize("sample", SITES)
def test_a_rewrite_finds_its_pattern_in_a_sample(sample: str) -> None:
    draft = Draft.open(SAMPLES / f"{sample}.onnx")
    found = {name: len(sweep(draft.copy(), [rewrite(name)], Ledger()).sites) for name in SITES[sample]}
    assert found == SITES[sample]
