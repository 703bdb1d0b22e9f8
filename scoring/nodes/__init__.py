"""The kinds of score node: one class per kind, each in its own module; `registry` closes the list."""
