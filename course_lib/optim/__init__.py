"""Part II: update rules and the optimizer that runs them (from lesson 07 on)."""
