"""The web app: its pages, and what they are made of."""
