"""How a result is kept and shown."""
