"""Pages of the rated: a target's clerk, and the head of its unit."""
