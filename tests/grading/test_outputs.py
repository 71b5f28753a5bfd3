"""What stands under a check in a graded notebook."""

from course_lib.grading import preprocessors


def test_a_long_sentence_is_broken_for_the_page():
    """A feedback page shows lines as they are, and hides what is beyond its edge."""
    sentence = "look at the axes of both; " * 12
    shown, points = preprocessors._error(sentence, 2, 3).traceback
    assert max(map(len, shown.splitlines())) <= preprocessors.WIDTH
    assert " ".join(shown.split()) == sentence.strip()
    assert points == "0 of 2 points. (Cases drawn with seed 3.)"
