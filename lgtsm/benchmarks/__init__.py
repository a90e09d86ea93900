"""Speed of masks and data, for `lgtsm benchmark`."""
