"""Files that people bring, read safely: bytes, CSV, YAML, cells and amounts. Knows nothing of the NHS."""
