"""A pot that is bid for: who may bid, who wins, and what all the bidding costs."""
