"""The rules of GB/T 9704-2012 that can be measured in a finished file, one function each."""
