"""What the books say: positions, flows, measures, pots, journal, and whether everything holds."""
