"""Marks for a class: each answer's source is judged in a clean process of its own.

The process that runs an answer knows neither solutions nor what is expected: it gets inputs and
sends back what came out. The process that judges runs nothing of a submission. docs/teaching.md
says what this prevents, and what no autograding can.

In reading order: wire (what came out, as bytes), worker (the clean process), clean (the judge's
side of it), gather (an answer's source in a notebook), marks (points), preprocessors (what nbgrader
calls), course (what stands in a course's nbgrader_config.py), misses.
"""
