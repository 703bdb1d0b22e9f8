"""Schemes of a campaign: definition in, exact and explained scores, ranks and outcomes out."""
