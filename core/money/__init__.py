"""Money: prices, estimates, confirmations, and what was spent."""
