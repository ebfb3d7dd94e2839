"""The figures the project ships, and the people that shares rest on."""
