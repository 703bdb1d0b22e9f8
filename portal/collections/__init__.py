"""The office sends forms out: sets up a collection, prints its poster and cards, extends it, ends it."""
