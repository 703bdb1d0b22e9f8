"""Entering, leaving, the own password, the language."""
