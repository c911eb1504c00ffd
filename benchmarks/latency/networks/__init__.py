"""The networks that vendors measured, built again with random weights as ONNX files."""
