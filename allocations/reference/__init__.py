"""The figures the project ships, each worked out from a published file by ``build.py``."""
