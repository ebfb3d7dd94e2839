"""Paths: the position of one year carried into the years after it, before anything is changed in them."""
