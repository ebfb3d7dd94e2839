"""Excel in, Excel out: how workbooks are read cell by cell, and how ours are written."""
