"""Finding, fetching and checking files."""
