"""The program that holds predicted sizes against measured files, on the samples."""

from __future__ import annotations

from pathlib import Path

from benchmarks.compress.sizes import SETS, held, page, scheme_of

SAMPLES = Path(__file__).parents[2] / "samples"


def test_files_of_a_sample_are_within_their_ranges() -> None:
    (litert,) = (s for s in SETS if s.backend == "tflite")
    rows = tuple(held(litert, {"basic_pitch": SAMPLES / "basic_pitch.tflite"}))
    assert {r.scheme for r in rows} == {"w8", "w4", "w4-block32", "w8a8", "w8a16"}
    assert all(r.within for r in rows)
    assert any(line.startswith("| `basic_pitch` | ai-edge-quantizer | 5 |") for line in page({litert: rows}))


def test_a_sparsity_of_published_tables() -> None:
    assert scheme_of("sparse75").sparsity == 0.75
    assert scheme_of("sparse50").sparsity == 0.5
