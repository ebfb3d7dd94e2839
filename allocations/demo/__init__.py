"""The demo: a ledger from the published figures, with an illustrative devolution policy."""
