"""Decisions: what an entry is, how it is judged and posted, and how it is linked into the chain."""
