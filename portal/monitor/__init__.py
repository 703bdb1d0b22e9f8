"""Pages of those who rate with an account: monitors and inspectors, mostly on a phone."""
