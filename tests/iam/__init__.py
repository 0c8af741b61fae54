"""Every grant of the use cases' roles, taken away one at a time to see what fails without it."""
