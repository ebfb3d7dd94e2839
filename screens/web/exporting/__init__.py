"""Files out of the books."""
