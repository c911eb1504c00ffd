from __future__ import annotations

import pytest

from edgeplan.graph import DType
from edgeplan.lower.scheme import SCHEMES, Scheme, parse_scheme


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("fp16", Scheme("fp16", "float", 16)),
        ("w8", Scheme("w8", "linear", 8, "channel")),
        ("w4-tensor", Scheme("w4-tensor", "linear", 4, "tensor")),
        ("w4-block32", Scheme("w4-block32", "linear", 4, "block", 32)),
        ("w8a8-tensor", Scheme("w8a8-tensor", "linear", 8, "tensor", activations=8)),
        ("w4a16", Scheme("w4a16", "linear", 4, "channel", activations=16)),
        ("palette3", Scheme("palette3", "palette", 3, "tensor")),
        ("palette4-group16", Scheme("palette4-group16", "palette", 4, "group", 16)),
        ("sparse70", Scheme("sparse70", "float", 0, sparsity=0.7)),
        ("sparse50-w8", Scheme("sparse50-w8", "linear", 8, "channel", sparsity=0.5)),
        ("sparse50-palette4-group16", Scheme("sparse50-palette4-group16", "palette", 4, "group", 16, 0.5)),
    ],
)
def test_a_name_says_all_of_a_scheme(name: str, scheme: Scheme) -> None:
    assert parse_scheme(name) == scheme


@pytest.mark.parametrize(
    "name",
    [
        *("", "w5", "w8 ", "W8", "w8a4", "w8a8-block32", "w4-block0", "palette5", "palette4-group", "palette4-group0"),
        *("sparse", "sparse00", "sparse55", "sparse100", "sparse50-", "sparse50-w8a8", "sparse50-fp16"),
        *("sparse50-sparse50", "fp8", "float16"),
    ],
)
def test_any_other_name_is_refused_with_a_line_that_says_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match=r"no scheme .*there are fp32, fp16") as e:
        parse_scheme(name)
    assert repr(name) in str(e.value)
    assert "\n" not in str(e.value)


def test_every_scheme_of_the_table_parses_to_itself_and_stands_there_once() -> None:
    assert [parse_scheme(s.name) for s in SCHEMES] == list(SCHEMES)
    assert len({s.name for s in SCHEMES}) == len(SCHEMES)


@pytest.mark.parametrize(
    ("name", "stored", "quantization"),
    [
        ("bf16", DType.BFLOAT16, ""),
        ("sparse50", None, ""),
        ("w4-block32", DType.INT4, "per-block"),
        ("w8", DType.INT8, "per-channel"),
        ("palette6", DType.UINT6, "per-tensor"),
        ("palette3-group16", DType.UINT3, ""),
    ],
)
def test_what_a_kept_weight_is_stored_as(name: str, stored: DType | None, quantization: str) -> None:
    scheme = parse_scheme(name)
    assert scheme.stored is stored
    assert scheme.quantization == quantization
