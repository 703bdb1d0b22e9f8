"""The working calendar: its years and days, and its changes by two persons."""
