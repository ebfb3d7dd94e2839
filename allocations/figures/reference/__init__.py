"""The shipped tables, each worked out from a published file by ``build.py``."""
