"""What an experiment needs: a device, seeds, data, training, stored results.

Read in this order: device, data, toys, signals, fashion, corruption, progress, measures, training,
networks, deep_nets, batched, compiled_runs, sweep, grid, choose, intervals, calibration, stored,
experiments, stream, memory, timing.
"""

from course_lib.lab import networks
from course_lib.lab.batched import each_run
from course_lib.lab.calibration import calibration_error, overconfidence, reliability_bins
from course_lib.lab.choose import best_setting
from course_lib.lab.corruption import blur, fade, noise
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
from course_lib.lab.experiments import experiment
from course_lib.lab.fashion import fashion_mnist
from course_lib.lab.grid import (
    Grid,
    Run,
    Runs,
    draw_runs,
    grid,
    parts,
    stack_data,
    stack_params,
    stack_splits,
)
from course_lib.lab.intervals import confidence_interval
from course_lib.lab.measures import accuracy, correlation_ratio, median, rms, shuffled_copy
from course_lib.lab.memory import anonymous_memory
from course_lib.lab.progress import progress_bar
from course_lib.lab.signals import signals
from course_lib.lab.stored import stored, write_experiment
from course_lib.lab.stream import open_stream, stream, write_stream
from course_lib.lab.sweep import sweep
from course_lib.lab.toys import spirals, xor
from course_lib.lab.training import to_device, train

__all__ = [
    "Dataset",
    "Grid",
    "Run",
    "Runs",
    "Split",
    "accuracy",
    "anonymous_memory",
    "best_setting",
    "blur",
    "breast_cancer",
    "calibration_error",
    "confidence_interval",
    "correlation_ratio",
    "device",
    "diabetes",
    "digits",
    "draw_runs",
    "each_run",
    "experiment",
    "fade",
    "fashion_mnist",
    "generator",
    "grid",
    "imbalanced",
    "median",
    "networks",
    "noise",
    "open_stream",
    "overconfidence",
    "parts",
    "progress_bar",
    "reliability_bins",
    "resplit",
    "rms",
    "shuffled_copy",
    "signals",
    "spirals",
    "stack_data",
    "stack_params",
    "stack_splits",
    "stored",
    "stream",
    "sweep",
    "to_device",
    "train",
    "write_experiment",
    "write_stream",
    "xor",
]
