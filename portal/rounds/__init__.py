"""Pages of the office for rounds of secret ballots."""
