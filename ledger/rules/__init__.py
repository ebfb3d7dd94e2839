"""What must hold of the books: every rule, each one question in SQL that posting and verify both ask."""
