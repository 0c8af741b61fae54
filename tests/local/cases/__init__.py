"""What a resource of each type is made of in tests."""
