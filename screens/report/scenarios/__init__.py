"""What scenarios answer: one of them, several, ranges, years, ways to a goal and bids."""
