"""Descent: the code that the lessons explain.

nn, optim, analysis, second_order   mathematics, one formula a function
lab                                 devices, seeds, data, training
figures                             what a learner sees
exercises                           what a learner is told
"""

__version__ = "0.1.0"
