"""Replays recorded API calls against AWS on localhost and compares every answer with AWS's own."""
