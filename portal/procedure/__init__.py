"""The designer of procedures: seen, proved, tried, published."""
