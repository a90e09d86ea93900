"""Score methods by a protocol, clip by clip, and report what came out."""
