"""The world's files in and out: published figures, budgets, positions and our own workbooks."""
