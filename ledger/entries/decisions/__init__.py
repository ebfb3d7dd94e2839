"""Every decision that can be recorded: one description of each, from which all front doors are made."""
