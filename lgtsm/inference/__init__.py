"""Use a trained network: fill videos."""
