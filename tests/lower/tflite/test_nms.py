"""Non-maximum suppression."""

import pytest

CASES = {
    "one class": (
        (
            "g (float[1,20,4] b, float[1,1,20] s) => (int64[N,3] y) <int64 m = {5}, float i = {0.5}, float t = "
            "{0.1}> { y = NonMaxSuppression (b, s, m, i, t) }"
        ),
        [
            "RESHAPE input:1x20x4 shape:(20,4) -> float32[20x4]",
            "RESHAPE input:1x1x20 shape:(20) -> float32[20]",
            (
                "NON_MAX_SUPPRESSION_V4 boxes:20x4 scores:20 max_output_size:5 iou_threshold:0.5 "
                "score_threshold:0.1 -> int32[5], int32[scalar]"
            ),
            "RANGE start:0 limit:scalar delta:1 -> int32[?]",
            "GATHER params:5 indices:? axis=0 batch_dims=0 -> int32[?]",
            "RESHAPE input:? shape:(-1,1) -> int32[?x1]",
            "SUB lhs:?x1 rhs:?x1 -> int32[?x1]",
            "ADD lhs:?x1 rhs:0 -> int32[?x1]",
            "CONCATENATION values:?x1 values:?x1 values:?x1 axis=1 -> int32[?x3]",
            "CAST input:?x3 in_data_type=INT32 out_data_type=INT64 -> int64[?x3]",
        ],
    ),
    "two classes, boxes unknown": (
        "g (float[1,B,4] b, float[1,2,B] s) => (int64[N,3] y) <int64 m = {5}> { y = NonMaxSuppression (b, s, m) }",
        [
            "RESHAPE input:1xBx4 shape:(-1,4) -> float32[?x4]",
            "SHAPE input:?x4 out_type=INT32 -> int32[2]",
            (
                "STRIDED_SLICE input:2 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            "MINIMUM lhs:5 rhs:scalar -> int32[scalar]",
            "SLICE input:1x2xB begin:(0,0,0) size:(1,1,-1) -> float32[1x1xB]",
            "RESHAPE input:1x1xB shape:(-1) -> float32[?]",
            (
                "NON_MAX_SUPPRESSION_V4 boxes:?x4 scores:? max_output_size:scalar iou_threshold:0 "
                "score_threshold:-3.4e+38 -> int32[?], int32[scalar]"
            ),
            "RANGE start:0 limit:scalar delta:1 -> int32[?]",
            "GATHER params:? indices:? axis=0 batch_dims=0 -> int32[?]",
            "RESHAPE input:? shape:(-1,1) -> int32[?x1]",
            "SUB lhs:?x1 rhs:?x1 -> int32[?x1]",
            "ADD lhs:?x1 rhs:0 -> int32[?x1]",
            "CONCATENATION values:?x1 values:?x1 values:?x1 axis=1 -> int32[?x3]",
            "SLICE input:1x2xB begin:(0,1,0) size:(1,1,-1) -> float32[1x1xB]",
            "RESHAPE input:1x1xB shape:(-1) -> float32[?]",
            (
                "NON_MAX_SUPPRESSION_V4 boxes:?x4 scores:? max_output_size:scalar iou_threshold:0 "
                "score_threshold:-3.4e+38 -> int32[?], int32[scalar]"
            ),
            "RANGE start:0 limit:scalar delta:1 -> int32[?]",
            "GATHER params:? indices:? axis=0 batch_dims=0 -> int32[?]",
            "RESHAPE input:? shape:(-1,1) -> int32[?x1]",
            "SUB lhs:?x1 rhs:?x1 -> int32[?x1]",
            "ADD lhs:?x1 rhs:1 -> int32[?x1]",
            "CONCATENATION values:?x1 values:?x1 values:?x1 axis=1 -> int32[?x3]",
            "CONCATENATION values:?x3 values:?x3 axis=0 -> int32[?x3]",
            "CAST input:?x3 in_data_type=INT32 out_data_type=INT64 -> int64[?x3]",
        ],
    ),
    "two images have none": (
        "g (float[2,20,4] b, float[2,1,20] s) => (int64[N,3] y) <int64 m = {5}> { y = NonMaxSuppression (b, s, m) }",
        [
            "onnx.NonMaxSuppression boxes:2x20x4 scores:2x1x20 max_output_boxes_per_class:5 -> int64[?x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
