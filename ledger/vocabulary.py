"""The words that the books use: standings, grades of ring-fence, routes of money, qualities and resources."""

AVAILABLE, RETAINED, SPENT = "available", "retained", "spent"
STANDINGS = (AVAILABLE, RETAINED, SPENT)
GRADES = ("none", "monitored", "soft", "hard", "statutory")
ROUTES = ("formula", "equal shares", "bid", "claim", "prize", "direction")
QUALITIES = ("red", "amber", "green")
RESOURCES = ("revenue", "capital")

# A fund with one of these grades leaves its purpose only as its terms allow, with an authority named.
RING_FENCED = ("hard", "statutory")
