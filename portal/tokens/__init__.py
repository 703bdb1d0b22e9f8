"""Tokens of other systems, for the administrator."""
