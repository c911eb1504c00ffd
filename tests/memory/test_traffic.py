from __future__ import annotations

from dataclasses import replace

from edgeplan.memory.range import Range
from edgeplan.memory.traffic import Traffic

MIB = 2**20
FITS = Traffic("VTCM", 8 * MIB, 3 * MIB, "fits", Range.exactly(40 * MIB), Range.exactly(MIB), Range(), Range())


def test_the_sentence_says_what_fits_and_what_moves() -> None:
    assert (
        FITS.sentence
        == "VTCM 8.0 MiB: the largest live set, 3.0 MiB, fits; a run reads 40.0 MiB and writes 1.0 MiB, no spill"
    )


def test_a_spill_is_said_as_the_range_it_is() -> None:
    spilled = replace(FITS, onchip=None, verdict="spills", spill=Range(0, MIB, 2 * MIB), fill=Range.exactly(MIB))
    assert spilled.sentence.startswith("VTCM: the largest live set, 3.0 MiB, does not fit;")
    assert spilled.sentence.endswith("spills 1.0 MiB (0 to 2.0 MiB) and fills 1.0 MiB")
