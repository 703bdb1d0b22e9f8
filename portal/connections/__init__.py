"""Connections by which other systems are told of acts of the office."""
