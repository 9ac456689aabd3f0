"""Models behind the sensitivity analyses: each gives a `FittedModel`, with its status and reason."""
