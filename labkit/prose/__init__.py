"""Results → sentences that cannot disagree with them."""
