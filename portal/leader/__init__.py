"""The board of the leading group."""
