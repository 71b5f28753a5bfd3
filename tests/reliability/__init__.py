"""What is tried against the course; docs/reliability.md is written from what came of it."""
