"""What all definitions share: strict reading, faults with their place, expressions."""
