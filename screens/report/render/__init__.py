"""The renderers of reports: each takes a report or a table and knows no subject."""
