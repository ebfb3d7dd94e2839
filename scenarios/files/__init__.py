"""What a scenario file says: its steps, its assumptions and what they may be, and what was changed in it."""
