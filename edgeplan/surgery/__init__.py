"""Changing a model: rewrites found, proved equal, applied and planned again. ONNX in, ONNX out, through onnx_ir.

Everything here needs the extra `rewrite` (onnx-ir, onnxruntime, onnxscript).
"""
