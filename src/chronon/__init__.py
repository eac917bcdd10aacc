"""Chronon: define a feature once, train and serve from the same definition."""
