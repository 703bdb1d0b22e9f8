"""Pages of delegates, who vote with a one-time code and have no account."""
