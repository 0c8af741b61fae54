"""`loans`: a Monte Carlo simulation of a portfolio's losses, cut into batches that add up to the same whole."""
