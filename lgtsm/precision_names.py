"""Names of the precisions, for parsers that answer before torch is loaded."""

AUTO = "auto"
PRECISIONS = ("fp32", "bf16", "fp16")
