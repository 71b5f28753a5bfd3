"""What an experiment needs: a device, seeds, data, training, stored results.

Read in this order: device, data, toys, corruption, progress, training, sweep, measures, intervals,
calibration, stored, stream, memory, timing.
"""

from course_lib.lab.calibration import calibration_error, overconfidence, reliability_bins
from course_lib.lab.corruption import blur, mute, noise
from course_lib.lab.data import (
    Dataset,
    Split,
    breast_cancer,
    diabetes,
    digits,
    imbalanced,
    resplit,
)
from course_lib.lab.device import device, generator
from course_lib.lab.intervals import mean_interval
from course_lib.lab.measures import predictive_power, rms, shuffled_copy
from course_lib.lab.memory import anonymous_memory
from course_lib.lab.progress import progress_bar
from course_lib.lab.stored import stored, write_experiment
from course_lib.lab.stream import open_stream, stream, write_stream
from course_lib.lab.sweep import each_run, right_share, sweep
from course_lib.lab.toys import spirals, xor
from course_lib.lab.training import accuracy, train

__all__ = [
    "Dataset",
    "Split",
    "accuracy",
    "anonymous_memory",
    "blur",
    "breast_cancer",
    "calibration_error",
    "device",
    "diabetes",
    "digits",
    "each_run",
    "generator",
    "imbalanced",
    "mean_interval",
    "mute",
    "noise",
    "open_stream",
    "overconfidence",
    "predictive_power",
    "progress_bar",
    "reliability_bins",
    "resplit",
    "right_share",
    "rms",
    "shuffled_copy",
    "spirals",
    "stored",
    "stream",
    "sweep",
    "train",
    "write_experiment",
    "write_stream",
    "xor",
]
