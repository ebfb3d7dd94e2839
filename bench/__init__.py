"""Measurements: ours beside others, side by side in one run."""
