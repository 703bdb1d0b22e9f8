"""What is stored: one noun a file. Rows and queries, no rule of the office and no web."""
