"""Networks for other runtimes: the streaming step as an ONNX file."""
