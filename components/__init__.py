"""Pulumi components that use cases are assembled from."""
