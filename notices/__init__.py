"""Official documents: a kind and plain values become a page by GB/T 9704-2012, drawn, measured and explained."""
