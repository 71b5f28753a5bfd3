"""Part III: Jacobians, Lipschitz constants, signal propagation (from lesson 13 on)."""
