"""What an experiment needs: a device, seeds, data, training, stored results.

Read in this order: device, data, progress, training, measures, stored.
"""

from course_lib.lab.data import Dataset, Split, digits
from course_lib.lab.device import device, generator
from course_lib.lab.measures import predictive_power, rms, shuffled_copy
from course_lib.lab.progress import progress
from course_lib.lab.stored import stored, write_experiment
from course_lib.lab.training import accuracy, train

__all__ = [
    "Dataset",
    "Split",
    "accuracy",
    "device",
    "digits",
    "generator",
    "predictive_power",
    "progress",
    "rms",
    "shuffled_copy",
    "stored",
    "train",
    "write_experiment",
]
