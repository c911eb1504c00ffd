import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[%s] a, float[%s] b) => (float[%s] y) {
    y = Einsum<equation="%s">(a, b)
}"""


def source(equation: str, a: str, b: str, rank: int):  # type: ignore[no-untyped-def]
    text = TEXT % (a, b, ",".join("?" * rank), equation)
    return model(text.replace("float[] y", "float y"))


@pytest.mark.parametrize(
    ("equation", "a", "b", "rank", "wanted"),
    [
        ("ij,jk->ik", "3,4", "4,5", 2, ["MatMul"]),
        ("ij,jk->ki", "3,4", "4,5", 2, None),
        ("ij,jk", "N,4", "4,5", 2, ["MatMul"]),
        ("ij,kj->ik", "N,4", "5,4", 2, ["Transpose", "MatMul"]),
        ("bij,bjk->bik", "N,3,4", "N,4,5", 3, ["MatMul"]),
        ("bhid,bhjd->bhij", "B,2,S,4", "B,2,T,4", 4, ["Transpose", "MatMul"]),
        ("bhij,bhjd->bhid", "B,2,S,T", "B,2,T,4", 4, ["MatMul"]),
        ("bihd,bjhd->bhij", "B,S,2,4", "B,T,2,4", 4, ["Transpose", "Transpose", "MatMul"]),
        ("bchq,bkhc->bkhq", "1,8,4,16", "1,15,4,8", 4, ["Transpose", "Transpose", "MatMul", "Transpose"]),
        ("bhwc,hkc->bhwk", "2,3,4,5", "3,6,5", 4, None),
        ("nctkv,kvw->nctw", "N,3,4,5,6", "5,6,7", 4, ["Reshape", "Reshape", "MatMul"]),
        ("nkctv,kvw->nctw", "2,3,4,5,6", "3,6,7", 4, None),
        ("bsd,dhe->bshe", "B,5,8", "8,2,4", 4, None),
        ("bshe,hed->bsd", "B,5,2,4", "2,4,8", 3, None),
        ("bi,bi->b", "N,4", "N,4", 1, ["Reshape", "Reshape", "MatMul", "Reshape"]),
        ("i,i->", "4", "4", 0, ["Reshape", "Reshape", "MatMul", "Reshape"]),
        ("...ij,...jk->...ik", "2,N,3,4", "2,N,4,5", 4, ["MatMul"]),
        ("...ij,jk->...ik", "2,N,3,4", "4,5", 4, ["MatMul"]),
        ("abij,jk->abik", "A,B,I,4", "4,5", 4, ["MatMul"]),
        ("bij, bzjk -> bik", "2,3,4", "2,1,4,5", 3, None),
        ("i,j->ij", "S", "4", 2, ["Reshape", "Mul"]),
        ("i,j->ji", "3", "4", 2, ["Reshape", "Mul"]),
        ("bchw,bc->bchw", "N,3,5,6", "N,3", 4, ["Reshape", "Mul"]),
        ("bchw,wh->bchw", "N,3,5,6", "6,5", 4, ["Transpose", "Mul"]),
        ("ij,ij->ij", "N,4", "N,4", 2, ["Mul"]),
    ],
)
def test_a_product_of_two_tensors(equation: str, a: str, b: str, rank: int, wanted: list[str] | None) -> None:
    made = types(fires("einsum-to-matmul", source(equation, a, b, rank)))
    assert "Einsum" not in made
    assert wanted is None or made == wanted


def test_one_tensor_that_changes_its_axes() -> None:
    text = 'g (float[2,N,4] a) => (float[?,?,?] y) { y = Einsum<equation="abc->cab">(a) }'
    assert types(fires("einsum-to-matmul", model(text))) == ["Transpose"]


def test_float16() -> None:
    text = (TEXT % ("2,3,4", "2,5,4", "2,3,5", "bij,bkj->bik")).replace("float[", "float16[")
    assert types(fires("einsum-to-matmul", model(text), tolerance=5e-3)) == ["Transpose", "MatMul"]


@pytest.mark.parametrize(
    ("equation", "a", "b", "rank", "why"),
    [
        ("iij,jk->ik", "3,3,4", "4,5", 2, "diagonal"),
        ("ilj,jk->ik", "3,2,4", "4,5", 2, "l is summed in one operand alone"),
        ("bij,bjk->bik", "N,3,4", "M,4,5", 3, "sizes of b in both"),
        ("bij,bjk->bik", "1,3,4", "2,4,5", 3, "sizes of b in both"),
        ("baij,bjk->baik", "N,A,I,4", "N,4,5", 4, "merged axes"),
        ("...ij,...jk->...ik", "2,3,4", "4,5", 3, "ellipsis"),
    ],
)
def test_other_equations_stay(equation: str, a: str, b: str, rank: int, why: str) -> None:
    assert why in refuses("einsum-to-matmul", source(equation, a, b, rank))


def test_three_operands_and_sums_of_one_stay() -> None:
    text = """g (float[2,3] a, float[3,4] b, float[4,5] c) => (float[2,5] y) {
        y = Einsum<equation="ij,jk,kl->il">(a, b, c)
    }"""
    assert "3 operands" in refuses("einsum-to-matmul", model(text))
    text = 'g (float[2,3] a) => (float[2] y) { y = Einsum<equation="ij->i">(a) }'
    assert "one operand is summed" in refuses("einsum-to-matmul", model(text))


def test_integers_stay() -> None:
    text = (TEXT % ("2,3", "3,4", "2,4", "ij,jk->ik")).replace("float[", "int32[")
    assert "floating-point" in refuses("einsum-to-matmul", model(text))
