"""A position as a file: written, read back, and posted as the opening of fresh books."""
