import pytest

from tests.surgery.harness import fires, model, refuses, types

KINDS = {"float": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "double": 11}


def chain(start: str, middle: str, end: str, more: str = "") -> str:
    outputs = f"{end}[N,5] y" + (f", {middle}[N,5] z" if more else "")
    casts = f"a = Cast<to={KINDS[middle]}>(x) b = Cast<to={KINDS[end]}>(a)"
    return f"g ({start}[N,5] x) => ({outputs}) {{ {casts} y = Identity(b) {more} }}"


@pytest.mark.parametrize(
    ("start", "middle", "end"),
    [
        ("float16", "float", "double"),
        ("float16", "float", "int32"),
        ("int8", "int32", "float"),
        ("bool", "uint8", "float16"),
    ],
)
def test_a_first_cast_that_loses_nothing_goes(start: str, middle: str, end: str) -> None:
    assert types(fires("cast-chain", model(chain(start, middle, end)))) == ["Cast", "Identity"]


@pytest.mark.parametrize("shape", ["[]", "[7]", "[2,N,3,1]"])
def test_of_any_shape(shape: str) -> None:
    text = chain("float16", "float", "double").replace("[N,5]", shape if shape != "[]" else "")
    assert types(fires("cast-chain", model(text))) == ["Cast", "Identity"]


@pytest.mark.parametrize(("start", "middle"), [("float16", "float"), ("int32", "int64"), ("int8", "float16")])
def test_casts_there_and_back_go(start: str, middle: str) -> None:
    assert types(fires("cast-chain", model(chain(start, middle, start)))) == ["Identity"]


@pytest.mark.parametrize(
    ("start", "middle", "end", "why"),
    [
        ("float", "float16", "float", "FLOAT to FLOAT16, can lose"),
        ("int64", "int32", "int64", "can lose"),
        ("int32", "float", "int64", "can lose"),
        ("int64", "bool", "float", "can lose"),
        ("uint8", "float", "int8", "floats do not wrap"),
    ],
)
def test_casts_that_lose_something_stay(start: str, middle: str, end: str, why: str) -> None:
    assert why in refuses("cast-chain", model(chain(start, middle, end)))


def test_a_tensor_others_read_is_not_cast_twice() -> None:
    source = model(chain("float16", "float", "double", "z = Relu(a)"))
    assert "something else reads" in refuses("cast-chain", source)
