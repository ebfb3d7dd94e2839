"""The command line: its options, and one file for each group of commands."""
