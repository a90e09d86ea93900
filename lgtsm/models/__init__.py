"""Networks that someone would name in a table."""
