"""Proofs for people without the ledger: the tree of entries, signed heads, and what follows from them."""
