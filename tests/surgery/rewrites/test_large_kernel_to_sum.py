import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[%s] x, float[%s] w, float[4] b) => (float[?,4,?,?] y) { y = Conv<%s>(x, w, b) }"


@pytest.mark.parametrize(
    ("x", "w", "attrs", "convs"),
    [
        ("N,4,12,12", "4,1,9,9", "pads=[4,4,4,4], group=4", 2),
        ("1,2,40,40", "4,2,31,31", "pads=[15,15,15,15]", 8),
        ("1,2,20,30", "4,2,1,17", "strides=[1,2], pads=[0,8,0,8]", 3),
        ("2,2,20,30", "4,2,3,10", "dilations=[1,2], pads=[1,9,1,9]", 2),
        ("2,2,32,32", "4,2,16,16", "strides=[16,16]", 2),
    ],
)
def test_blocks_of_the_kernel_add_up(x: str, w: str, attrs: str, convs: int) -> None:
    made = types(fires("large-kernel-to-sum", model(TEXT % (x, w, attrs), ["w", "b"])))
    assert made.count("Conv") == convs
    assert made.count("Add") == convs - 1


def test_a_block_that_meets_padding_alone_is_left_out() -> None:
    source = model(TEXT % ("1,2,4,4", "4,2,1,31", "pads=[0,15,0,15]"), ["w", "b"])
    assert types(fires("large-kernel-to-sum", source)).count("Conv") == 2


@pytest.mark.parametrize(
    ("x", "w", "attrs", "why"),
    [
        ("1,2,H,40", "4,2,9,9", "pads=[4,4,4,4]", "not known"),
        ("1,2,200,200", "4,2,65,65", "pads=[32,32,32,32]", "it would take 27"),
        ("1,2,20,20", "4,2,7,7", "pads=[3,3,3,3]", ""),
    ],
)
def test_refusals_say_why(x: str, w: str, attrs: str, why: str) -> None:
    reason = refuses("large-kernel-to-sum", model(TEXT % (x, w, attrs), ["w", "b"]))
    assert why in reason
    assert bool(why) == bool(reason)
