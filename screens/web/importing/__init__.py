"""Files into the books, step by step, and undoing it."""
