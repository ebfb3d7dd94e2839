"""A ledger on a PostgreSQL server: its one door, its rules and rights, and the mirror that answers."""
