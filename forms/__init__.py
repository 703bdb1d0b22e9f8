"""Forms as data: a definition becomes a form people fill, and their answers become plain JSON."""
