"""Acts of the office: one function each; the only place that commits."""
