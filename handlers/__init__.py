"""The code that runs in Lambda: thin edges over pure cores."""
