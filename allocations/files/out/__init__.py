"""The workbooks that we write, and what each says of itself."""
