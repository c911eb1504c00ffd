import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float%s x) => (float%s y) { y = Transpose<perm=%s>(x) }"


@pytest.mark.parametrize(
    ("old", "new", "perm"),
    [
        ("[1,1,4,5]", "[1,4,5,1]", "[0,2,3,1]"),
        ("[N,7,1,1]", "[N,1,1,7]", "[0,2,3,1]"),
        ("[N,1,7]", "[1,N,7]", "[1,0,2]"),
        ("[N,M,1,7]", "[N,M,7,1]", "[0,1,3,2]"),
    ],
)
def test_axes_of_size_1_move_by_a_reshape(old: str, new: str, perm: str) -> None:
    assert types(fires("transpose-to-reshape", model(TEXT % (old, new, perm)))) == ["Reshape"]


def test_axes_that_may_be_longer_stay() -> None:
    assert refuses("transpose-to-reshape", model(TEXT % ("[N,M,7]", "[M,N,7]", "[1,0,2]"))) == ""


def test_several_sizes_not_known_beforehand_stay() -> None:
    source = model(TEXT % ("[N,1,M,1]", "[N,M,1,1]", "[0,2,1,3]"))
    assert "several of its sizes are not known" in refuses("transpose-to-reshape", source)


def test_a_tensor_without_elements_stays() -> None:
    assert "not known" in refuses("transpose-to-reshape", model(TEXT % ("[1,0,4]", "[0,4,1]", "[1,2,0]")))
