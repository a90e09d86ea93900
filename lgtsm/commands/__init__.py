"""Command lines: parsers, options, and messages that name flags. No other room imports this one."""
