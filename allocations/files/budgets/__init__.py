"""A budget workbook, from its cells to one entry in the books."""
