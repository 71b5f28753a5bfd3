"""Answers to lesson 19 that were written without a look at the code, and what must come back."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES


def triangle_without_a_floor(x, a, b, c):
    return torch.minimum((x - a) / (b - a), (c - x) / (c - b))


def triangle_with_max(x, a, b, c):
    return torch.maximum((x - a) / (b - a), (c - x) / (c - b)).clamp(0, 1)


def triangle_over_the_whole_base(x, a, b, c):
    up, down = (x - a) / (c - a), (c - x) / (c - a)
    return torch.clamp(torch.minimum(up, down), min=0)


def triangle_that_falls_from_c(x, a, b, c):
    return torch.where(x < b, (x - a) / (b - a), (x - b) / (c - b)).clamp(0, 1)


def triangle_of_products(x, a, b, c):
    return (((x - a) / (b - a)) * ((c - x) / (c - b))).clamp(min=0)


def triangle_for_one_number(x, a, b, c):
    if x < a or x > c:
        return 0
    return (x - a) / (b - a) if x < b else (c - x) / (c - b)


def firing_by_adding(first, second, norm="product"):
    both = first[..., :, None] + second[..., None, :]
    return both if norm == "product" else torch.minimum(first[..., :, None], second[..., None, :])


def firing_by_max(first, second, norm="product"):
    a, b = first.unsqueeze(-1), second.unsqueeze(-2)
    return a * b if norm == "product" else torch.maximum(a, b)


def firing_always_a_product(first, second, norm="product"):
    return torch.einsum("...i,...j->...ij", first, second)


def firing_pairwise(first, second, norm="product"):
    return first * second if norm == "product" else torch.minimum(first, second)


def firing_by_a_product_alone(first, second, norm="product"):
    return first * second


def firing_by_a_smaller_one_alone(first, second, norm="product"):
    return torch.minimum(first, second)


def firing_by_a_sum_alone(first, second, norm="product"):
    return first + second


def firing_pairwise_by_a_sum(first, second, norm="product"):
    return first + second if norm == "product" else torch.min(first, second)


def firing_pairwise_or(first, second, norm="product"):
    return first * second if norm == "product" else torch.maximum(first, second)


def firing_of_one_norm_as_a_table(first, second, norm="product"):
    if norm == "minimum":
        return torch.minimum(first, second)
    return torch.einsum("...i,...j->...ij", first, second)


def firing_of_the_other_as_a_table(first, second, norm="product"):
    if norm == "product":
        return first * second
    return torch.minimum(first.unsqueeze(-1), second.unsqueeze(-2))


def firing_with_a_column_alone(first, second, norm="product"):
    column = first.unsqueeze(-1)
    return column * second if norm == "product" else torch.min(column, second)


def firing_by_outer(first, second, norm="product"):
    if norm == "product":
        return torch.outer(first, second)
    return torch.minimum(first[..., None], second[..., None, :])


def firing_by_outer_alone(first, second, norm="product"):
    return torch.einsum("i,j->ij", first, second)


def firing_of_one_example(first, second, norm="product"):
    if norm == "product":
        return torch.outer(first, second)
    return torch.minimum(first.reshape(-1, 1), second)


def firing_by_matmul(first, second, norm="product"):
    return first @ second


def firing_by_matmul_or_the_smaller(first, second, norm="product"):
    return torch.matmul(first, second) if norm == "product" else torch.minimum(first, second)


def firing_of_two_columns(first, second, norm="product"):
    a, b = first.unsqueeze(-1), second.unsqueeze(-1)
    return a * b if norm == "product" else torch.minimum(a, b)


def firing_turned_over(first, second, norm="product"):
    a, b = first[..., None, :], second[..., :, None]
    return a * b if norm == "product" else torch.minimum(a, b)


def sugeno_without_a_division(strengths, consequences, otherwise):
    return (strengths * consequences).sum(-1)


def sugeno_of_the_strongest(strengths, consequences, otherwise):
    best = consequences[strengths.argmax(-1)]
    return torch.where(strengths.sum(-1) == 0, otherwise, best)


def sugeno_with_max_below(strengths, consequences, otherwise):
    total = strengths.amax(-1)
    return torch.where(total == 0, otherwise, (strengths * consequences).sum(-1) / total)


def sugeno_without_otherwise(strengths, consequences, otherwise):
    return (strengths * consequences).sum(-1) / strengths.sum(-1)


def sugeno_with_a_small_number(strengths, consequences, otherwise):
    return (strengths * consequences).sum(-1) / (strengths.sum(-1) + 1e-8)


def sugeno_by_the_mean(strengths, consequences, otherwise):
    mean = (strengths * consequences).mean(-1)
    return torch.where(strengths.sum(-1) == 0, otherwise, mean)


def centroid_of_the_points(height, grid, otherwise):
    total = height.sum(-1)
    return torch.where(total == 0, otherwise, (height * grid).sum(-1) / total)


def centroid_by_the_trapezoid_rule(height, grid, otherwise):
    area = torch.trapezoid(height, grid)
    return torch.where(area == 0, otherwise, torch.trapezoid(height * grid, grid) / area)


def centroid_at_the_top(height, grid, otherwise):
    return torch.where(height.sum(-1) == 0, otherwise, grid[height.argmax(-1)])


def centroid_of_the_moment(height, grid, otherwise):
    x, s, h, k = grid[:-1], grid.diff(), height[..., :-1], height[..., 1:]
    moment = (s * (h * (3 * x + s) + k * (3 * x + 2 * s)) / 6).sum(-1)
    return torch.where(height.sum(-1) == 0, otherwise, moment)


def centroid_of_middles(height, grid, otherwise):
    middle = (grid[1:] + grid[:-1]) / 2
    area = (height[..., 1:] + height[..., :-1]) / 2 * grid.diff()
    total = area.sum(-1)
    return torch.where(total == 0, otherwise, (area * middle).sum(-1) / total)


def table_where_the_last_counts(rules, rows, columns, dtype=torch.float64):
    table = torch.zeros(len(rows), len(columns), dtype=dtype)
    for row, column, value in rules:
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                if row in (r, "any") and column in (c, "any"):
                    table[i, j] = value
    return table


def table_on_its_side(rules, rows, columns, dtype=torch.float64):
    table = torch.zeros(len(columns), len(rows), dtype=dtype)
    for row, column, value in reversed(rules):
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                if row in (r, "any") and column in (c, "any"):
                    table[j, i] = value
    return table


def table_without_any(rules, rows, columns, dtype=torch.float64):
    table = torch.zeros(len(rows), len(columns), dtype=dtype)
    for row, column, value in reversed(rules):
        if row in rows and column in columns:
            table[rows.index(row), columns.index(column)] = value
    return table


def table_that_takes_zero_for_empty(rules, rows, columns, dtype=torch.float64):
    table = torch.zeros(len(rows), len(columns), dtype=dtype)
    for row, column, value in rules:
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                if row in (r, "any") and column in (c, "any") and table[i, j] == 0:
                    table[i, j] = value
    return table


def table_that_adds(rules, rows, columns, dtype=torch.float64):
    table = torch.zeros(len(rows), len(columns), dtype=dtype)
    for row, column, value in rules:
        i = slice(None) if row == "any" else rows.index(row)
        j = slice(None) if column == "any" else columns.index(column)
        table[i, j] += value
    return table


WRONG = {  # an answer, and words that must come back
    triangle_without_a_floor: ("19.trimf", "below 0"),
    triangle_with_max: ("19.trimf", "larger"),
    triangle_over_the_whole_base: ("19.trimf", "whole base"),
    triangle_that_falls_from_c: ("19.trimf", "0 at c"),
    triangle_of_products: ("19.trimf", "multipl"),
    triangle_for_one_number: ("19.trimf", "one number"),
    firing_by_adding: ("19.firing", "add"),
    firing_by_max: ("19.firing", "or"),
    firing_always_a_product: ("19.firing", "norm"),
    firing_pairwise: ("19.firing", "makes a table"),
    firing_by_a_product_alone: ("19.firing", "makes a table"),
    firing_by_a_smaller_one_alone: ("19.firing", "makes a table"),
    firing_by_a_sum_alone: ("19.firing", "makes a table"),
    firing_pairwise_by_a_sum: ("19.firing", "is a sum an"),
    firing_pairwise_or: ("19.firing", "larger membership"),
    firing_of_one_norm_as_a_table: ("19.firing", "By the product you make a table"),
    firing_of_the_other_as_a_table: ("19.firing", "By the minimum you make a table"),
    firing_with_a_column_alone: ("19.firing", "`second` lacks an axis"),
    firing_by_outer: ("19.firing", "product is right for one example"),
    firing_by_outer_alone: ("19.firing", "no place for many"),
    firing_of_one_example: ("19.firing", "For one example your table is right"),
    firing_by_matmul: ("19.firing", "`@` adds up"),
    firing_by_matmul_or_the_smaller: ("19.firing", "`@` adds up"),
    firing_of_two_columns: ("19.firing", "a column of each"),
    firing_turned_over: ("19.firing", "changed places"),
    sugeno_without_a_division: ("19.sugeno", "not divided"),
    sugeno_of_the_strongest: ("19.sugeno", "strongest"),
    sugeno_with_max_below: ("19.sugeno", "largest"),
    sugeno_without_otherwise: ("19.sugeno", "no rule fires"),
    sugeno_with_a_small_number: ("19.sugeno", "small number"),
    sugeno_by_the_mean: ("19.sugeno", "number of rules"),
    centroid_of_the_points: ("19.centroid", "points alone"),
    centroid_by_the_trapezoid_rule: ("19.centroid", "straight line"),
    centroid_at_the_top: ("19.centroid", "highest"),
    centroid_of_the_moment: ("19.centroid", "not divided"),
    centroid_of_middles: ("19.centroid", "middle"),
    table_where_the_last_counts: ("19.rules", "last"),
    table_on_its_side: ("19.rules", "changed places"),
    table_without_any: ("19.rules", "any"),
    table_that_takes_zero_for_empty: ("19.rules", "0"),
    table_that_adds: ("19.rules", "add"),
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_tired_answer_is_named(answer):
    id, words = WRONG[answer]
    outcome = evaluate(EXERCISES[id], answer)
    assert not outcome.passed
    assert words in outcome.message, outcome.message


# A second player, who makes two slips at once, or writes something else altogether


def triangle_without_floor_and_with_max(x, a, b, c):
    return torch.maximum((x - a) / (b - a), (c - x) / (c - b))


def triangle_with_sides_exchanged(x, a, b, c):
    return torch.minimum((x - a) / (c - b), (c - x) / (b - a)).clamp(min=0)


def triangle_as_a_density(x, a, b, c):
    up, down = (x - a) / (b - a), (c - x) / (c - b)
    return torch.minimum(up, down).clamp(min=0) * 2 / (c - a)


def triangle_turned_over_and_unbounded(x, a, b, c):
    return torch.minimum((x - a) / (c - a), (c - x) / (c - a))


def firing_turned_over_by_addition(first, second, norm="product"):
    a, b = first[..., None, :], second[..., :, None]
    return a + b if norm == "product" else torch.minimum(a, b)


def firing_with_the_norms_exchanged(first, second, norm="product"):
    a, b = first[..., :, None], second[..., None, :]
    return a * b if norm == "minimum" else torch.minimum(a, b)


def firing_as_shares(first, second, norm="product"):
    a, b = first[..., :, None], second[..., None, :]
    both = a * b if norm == "product" else torch.minimum(a, b)
    return both / both.sum((-1, -2), keepdim=True)


def sugeno_by_softmax(strengths, consequences, otherwise):
    share = strengths.softmax(-1)
    return torch.where(strengths.sum(-1) == 0, otherwise, (share * consequences).sum(-1))


def sugeno_with_max_and_without_otherwise(strengths, consequences, otherwise):
    return (strengths * consequences).sum(-1) / strengths.amax(-1)


def sugeno_of_the_wrong_axis(strengths, consequences, otherwise):
    total = strengths.sum(0)
    return torch.where(total == 0, otherwise, (strengths * consequences).sum(0) / total)


def centroid_of_points_without_otherwise(height, grid, otherwise):
    return (height * grid).sum(-1) / height.sum(-1)


def centroid_without_steps(height, grid, otherwise):
    middle = (grid[1:] + grid[:-1]) / 2
    area = (height[..., 1:] + height[..., :-1]) / 2
    total = area.sum(-1)
    return torch.where(total == 0, otherwise, (area * middle).sum(-1) / total)


def centroid_as_the_bisector(height, grid, otherwise):
    s = grid[1:] - grid[:-1]
    area = s * (height[..., 1:] + height[..., :-1]) / 2
    total = area.sum(-1, keepdim=True)
    place = (area.cumsum(-1) < total / 2).sum(-1)
    return torch.where(total[..., 0] == 0, otherwise, grid[place])


def table_on_its_side_where_the_last_counts(rules, rows, columns, dtype=torch.float64):
    table = torch.zeros(len(columns), len(rows), dtype=dtype)
    for row, column, value in rules:
        i = slice(None) if row == "any" else rows.index(row)
        j = slice(None) if column == "any" else columns.index(column)
        table[j, i] = value
    return table


def table_of_lists(rules, rows, columns, dtype=torch.float64):
    def value(r, c):
        return next(v for row, column, v in rules if row in (r, "any") and column in (c, "any"))

    return [[value(r, c) for c in columns] for r in rows]


SECOND = {  # an answer, and words that must come back
    triangle_without_floor_and_with_max: ("19.trimf", "larger of both"),
    triangle_with_sides_exchanged: ("19.trimf", "changed places"),
    triangle_as_a_density: ("19.trimf", "probability"),
    triangle_turned_over_and_unbounded: ("19.trimf", "wo things"),
    firing_turned_over_by_addition: ("19.firing", "shape (4, 3)"),
    firing_with_the_norms_exchanged: ("19.firing", "changed places"),
    firing_as_shares: ("19.firing", "divide by the sum of all"),
    sugeno_by_softmax: ("19.sugeno", "softmax"),
    sugeno_with_max_and_without_otherwise: ("19.sugeno", "wo things"),
    sugeno_of_the_wrong_axis: ("19.sugeno", "over the examples"),
    centroid_of_points_without_otherwise: ("19.centroid", "points alone"),
    centroid_without_steps: ("19.centroid", "lengths of the steps"),
    centroid_as_the_bisector: ("19.centroid", "bisector"),
    table_on_its_side_where_the_last_counts: ("19.rules", "shape (4, 3)"),
    table_of_lists: ("19.rules", "list"),
}


@pytest.mark.parametrize("answer", SECOND, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_answer_of_the_second_player_is_named(answer, seed):
    id, words = SECOND[answer]
    outcome = evaluate(EXERCISES[id], answer, seed=seed)
    assert not outcome.passed
    assert words in outcome.message, outcome.message


# A third player


def triangle_with_half_the_base(x, a, b, c):
    return torch.relu(1 - (x - b).abs() / (0.5 * (c - a)))


def triangle_with_the_left_length(x, a, b, c):
    return torch.relu(1 - (x - b).abs() / (b - a))


def triangle_with_the_right_length(x, a, b, c):
    return torch.relu(1 - (b - x).abs() / (c - b))


def triangle_with_an_absolute_value(x, a, b, c):
    return torch.min((x - a) / (b - a), (c - x) / (c - b)).abs()


def triangle_without_its_peak(x, a, b, c):
    y = torch.zeros_like(x)
    y = torch.where((x > a) & (x < b), (x - a) / (b - a), y)
    return torch.where((x > b) & (x < c), (c - x) / (c - b), y)


def filled(rules, rows, columns, dtype, fits):
    table = torch.zeros(len(rows), len(columns), dtype=dtype)
    for row, column, value in reversed(rules):
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                if fits(row, r, column, c):
                    table[i, j] = value
    return table


def table_with_any_for_rows(rules, rows, columns, dtype=torch.float64):
    return filled(
        rules, rows, columns, dtype, lambda row, r, column, c: row in (r, "any") and column == c
    )


def table_with_any_for_columns(rules, rows, columns, dtype=torch.float64):
    return filled(
        rules, rows, columns, dtype, lambda row, r, column, c: row == r and column in (c, "any")
    )


def table_by_one_word(rules, rows, columns, dtype=torch.float64):
    return filled(
        rules,
        rows,
        columns,
        dtype,
        lambda row, r, column, c: row in (r, "any") or column in (c, "any"),
    )


def table_with_words_exchanged(rules, rows, columns, dtype=torch.float64):
    return filled(
        rules,
        rows,
        columns,
        dtype,
        lambda row, r, column, c: column in (r, "any") and row in (c, "any"),
    )


def table_by_parts_of_words(rules, rows, columns, dtype=torch.float64):
    return filled(
        rules,
        rows,
        columns,
        dtype,
        lambda row, r, column, c: (r in row or row == "any") and (c in column or column == "any"),
    )


def table_that_breaks_off(rules, rows, columns, dtype=torch.float64):
    table = torch.zeros(len(rows), len(columns), dtype=dtype)
    for row, column, value in reversed(rules):
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                if row in (r, "any") and column in (c, "any"):
                    table[i, j] = value
                    break
    return table


def table_of_the_most_specific(rules, rows, columns, dtype=torch.float64):
    ranked = sorted(rules, key=lambda rule: rule.count("any"))

    def value(r, c):
        return next(v for row, column, v in ranked if row in (r, "any") and column in (c, "any"))

    return torch.tensor([[value(r, c) for c in columns] for r in rows], dtype=dtype)


def firing_with_one_axis_of_examples(first, second, norm="product"):
    a, b = first[:, :, None], second[:, None, :]
    return a * b if norm == "product" else torch.minimum(a, b)


def firing_of_each_example_with_each(first, second, norm="product"):
    a, b = first[:, None, :, None], second[None, :, None, :]
    return a * b if norm == "product" else torch.minimum(a, b)


def firing_of_the_winner(first, second, norm="product"):
    a, b = first[..., :, None], second[..., None, :]
    both = a * b if norm == "product" else torch.minimum(a, b)
    return torch.where(both == both.amax((-2, -1), keepdim=True), both, 0)


def sugeno_by_softmax_alone(strengths, consequences, otherwise):
    return torch.softmax(strengths, -1) @ consequences


def sugeno_over_the_consequences(strengths, consequences, otherwise):
    y = strengths @ consequences / consequences.sum()
    return torch.where(strengths.sum(-1) == 0, torch.full_like(y, otherwise), y)


def sugeno_that_gives_up_early(strengths, consequences, otherwise):
    y = strengths @ consequences / strengths.sum(-1)
    return torch.where((strengths == 0).any(-1), torch.full_like(y, otherwise), y)


def integrals(height, grid):
    d, a, b = grid.diff(), height[..., :-1], height[..., 1:]
    p, q = grid[:-1], grid[1:]
    return (d * (a * (2 * p + q) + b * (p + 2 * q)) / 6).sum(-1), (d * (a + b) / 2).sum(-1)


def centroid_of_left_sums(height, grid, otherwise):
    d, h = grid.diff(), height[..., :-1]
    area = (d * h).sum(-1)
    return torch.where(area == 0, otherwise, (d * h * grid[:-1]).sum(-1) / area)


def centroid_of_the_support(height, grid, otherwise):
    weight = (height > 0).double()
    mean = (weight * grid).sum(-1) / weight.sum(-1)
    return torch.where(weight.sum(-1) == 0, otherwise, mean)


def centroid_over_the_range(height, grid, otherwise):
    moment, _ = integrals(height, grid)
    return torch.where(height.sum(-1) == 0, otherwise, moment / (grid[-1] - grid[0]))


def centroid_that_gives_up_early(height, grid, otherwise):
    moment, area = integrals(height, grid)
    return torch.where((height == 0).any(-1), otherwise, moment / area)


def centroid_with_a_third(height, grid, otherwise):
    moment, area = integrals(height, grid)
    return torch.where(area == 0, otherwise, 2 * moment / area)


THIRD = {  # an answer, and words that must come back
    triangle_with_half_the_base: ("19.trimf", "half of the base"),
    triangle_with_the_left_length: ("19.trimf", "as long as the left"),
    triangle_with_the_right_length: ("19.trimf", "as long as the right"),
    triangle_with_an_absolute_value: ("19.trimf", "grows again"),
    triangle_without_its_peak: ("19.trimf", "peak itself is lost"),
    table_with_any_for_rows: ("19.rules", "as its second word"),
    table_with_any_for_columns: ("19.rules", "as its first word"),
    table_by_one_word: ("19.rules", "Both must fit"),
    table_with_words_exchanged: ("19.rules", "two words of a rule"),
    table_by_parts_of_words: ("19.rules", "looks for a part"),
    table_that_breaks_off: ("19.rules", "fills one cell and stops"),
    table_of_the_most_specific: ("19.rules", "however general"),
    firing_with_one_axis_of_examples: ("19.firing", "index from the end"),
    firing_of_each_example_with_each: ("19.firing", "with every other"),
    firing_of_the_winner: ("19.firing", "set all others to 0"),
    sugeno_by_softmax_alone: ("19.sugeno", "by softmax"),
    sugeno_over_the_consequences: ("19.sugeno", "sum of the consequences"),
    sugeno_that_gives_up_early: ("19.sugeno", "As soon as one rule"),
    centroid_of_left_sums: ("19.centroid", "at its left end"),
    centroid_of_the_support: ("19.centroid", "above 0"),
    centroid_over_the_range: ("19.centroid", "length of the grid"),
    centroid_that_gives_up_early: ("19.centroid", "at one point"),
    centroid_with_a_third: ("19.centroid", "as it should be"),
}


@pytest.mark.parametrize("answer", THIRD, ids=lambda answer: answer.__name__)
def test_an_answer_of_the_third_player_is_named(answer):
    id, words = THIRD[answer]
    outcome = evaluate(EXERCISES[id], answer)
    assert not outcome.passed
    assert words in outcome.message, outcome.message


def test_softmax_alone_is_not_taken_for_another_slip_as_well():
    outcome = evaluate(EXERCISES["19.sugeno"], sugeno_by_softmax_alone)
    assert "sum of the consequences" not in outcome.message


def test_a_triangle_of_comparisons_is_right_and_hides_a_nan():
    """As the lesson says under *What goes wrong*."""

    def trimf(x, a, b, c):
        y = ((x > a) & (x <= b)) * (x - a) / (b - a) + ((x > b) & (x < c)) * (c - x) / (c - b)
        return torch.where((x > a) & (x < c), y, torch.zeros_like(x))

    assert evaluate(EXERCISES["19.trimf"], trimf).passed
    assert trimf(torch.tensor([torch.nan]), 0.0, 1.0, 2.0) == 0
    assert EXERCISES["19.trimf"].reference(torch.tensor([torch.nan]), 0.0, 1.0, 2.0).isnan()
