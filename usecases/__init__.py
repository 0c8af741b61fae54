"""The use cases: their facts in the registry, and one module each that wires them from components."""
