"""Networks, by their names in a table."""
