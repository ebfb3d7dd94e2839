"""What happened: the books.

Knows no formula, no file format and no screen. Everything above may import this room; this room
imports nothing of the house.
"""
