"""The questions that a ledger answers, each asked in one place: by commands, and in Python by ``screens.python``."""
