"""Parts of the Record page."""
