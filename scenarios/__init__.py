"""What if: pure functions over a position. Nothing here can write the books."""
