"""Who should get what: from population to pounds, and the reading and writing of the world's files."""
