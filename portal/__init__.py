"""Pages for people, one package per person, and what all pages share."""
