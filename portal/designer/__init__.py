"""The notice designer: the administrator changes wording and make-up of notices, and publishes them."""
