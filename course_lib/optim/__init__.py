"""Part II: update rules and what runs them (from lesson 07 on).

What runs a rule: rules, signature, settings, paths, probe, bucket, compiled, optimizer, then cost,
surfaces and tuning. What a lesson needs of its own: descent (07), batches (08), averages (09),
adaptive (10), correction, dialects and lamb (11).
"""
