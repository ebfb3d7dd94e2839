"""Where the books are kept: in a file, or on a server; how they are read, copied and migrated."""
