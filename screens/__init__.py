"""What you see: one file per page. Renders only: no SQL and no arithmetic."""
