"""A way to the goal: the least disruption by which all come near their fair shares, within a floor and a cap."""
