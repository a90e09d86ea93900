"""Training with Lightning, which no other room imports."""
