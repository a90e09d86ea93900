"""What a person types: parsers, options and sentences with flags in them. Nothing below knows this room."""
