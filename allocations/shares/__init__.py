"""Who should get what: weighted populations, targets, pace of change, and splits to the penny."""
