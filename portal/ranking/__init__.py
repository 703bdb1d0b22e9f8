"""The ranking, why each figure is what it is, and the results made of it."""
