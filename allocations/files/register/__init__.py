"""The register of decisions: a ledger of one's own, and a row for every decision in it."""
