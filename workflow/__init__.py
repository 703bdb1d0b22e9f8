"""Procedures as data: definition → checked → state machine → effects; deadlines in working days."""
