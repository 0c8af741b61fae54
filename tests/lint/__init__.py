"""Two other validators of the Amazon States Language beside ours: statelint and asl-validator."""
