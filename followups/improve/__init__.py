"""The outer loop: what many customers say together, and what comes of it."""
