"""Running cases brought to another version of their procedure, and back."""
