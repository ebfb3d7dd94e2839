"""Year end: what is carried forward into the next year, and by which rule."""
