"""Places: how an ICB's practices are divided, and what is known of each place."""
