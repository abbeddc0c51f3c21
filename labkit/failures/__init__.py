"""The study of machines: how they fail."""
