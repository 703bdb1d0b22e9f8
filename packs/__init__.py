"""Packs: all definitions of a campaign together, checked together, shipped as data."""
