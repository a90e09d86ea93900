"""Export the streaming step of a network to ONNX."""
