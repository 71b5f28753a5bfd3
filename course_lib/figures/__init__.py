"""What a learner sees: one style, figures with alt text, figures with sliders.

Read in this order: style, faults, frame, output, interactive, runs, tables, contours,
then one module a lesson.
"""

from course_lib.figures.interactive import Choice, Interactive, Play, Slider, interact
from course_lib.figures.output import say, show, verdict
from course_lib.figures.tables import table

__all__ = ["Choice", "Interactive", "Play", "Slider", "interact", "say", "show", "table", "verdict"]
