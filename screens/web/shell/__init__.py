"""What every page shares: its address, the ledger, who is signed in, and how it posts."""
