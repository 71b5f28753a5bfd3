"""Part II: update rules and what runs them (from lesson 07 on).

Read in this order: rules, signature, settings, paths, probe, bucket, compiled, optimizer; then
cost and surfaces, and a module for each lesson.
"""
