"""What is answered, once for each question, in tables for people and JSON for programs."""
