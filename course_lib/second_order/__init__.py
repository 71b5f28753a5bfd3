"""Part IV: curvature, fuzzy inference, the fuzzy optimizer (from lesson 18 on)."""
