"""Results → figures of one look."""
