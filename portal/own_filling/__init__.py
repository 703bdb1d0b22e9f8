"""Pages of people who log in to fill in what was sent to their roles."""
