"""The study of stocks: what tomorrow's volatility will be."""
