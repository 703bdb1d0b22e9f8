"""The office's own pages: case officers, reviewers, the head."""
