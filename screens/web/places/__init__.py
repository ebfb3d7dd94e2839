"""Parts of the Places page."""
