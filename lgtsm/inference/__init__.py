"""Fill videos with networks and other methods."""
