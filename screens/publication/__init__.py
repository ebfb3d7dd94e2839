"""The publication: the whole position as a static site, with its tables beside it, that anybody can check."""
