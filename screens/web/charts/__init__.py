"""The charts, one file each. Every chart comes with a name, a sentence, a table and a file to take away."""
