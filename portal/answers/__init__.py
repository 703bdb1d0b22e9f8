"""Filled forms as the office looks at them."""
