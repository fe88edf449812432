import numpy as np

from birdscope.engine.ranking import rank_species, top_columns


def tops(*values):
    return np.array([values, [0.0] * len(values)])


def test_best_by_their_top_anywhere_in_the_file():
    probabilities = np.array([[0.1, 0.9, 0.2], [0.8, 0.0, 0.3], [np.nan] * 3])
    assert rank_species(probabilities, 3) == (1, 0, 2)
    assert rank_species(probabilities, 2) == (1, 0)


def test_shown_rows_keep_their_places():
    assert rank_species(tops(0.2, 0.9, 0.5, 0.1), 3, shown=(0, 2, 1)) == (0, 2, 1)


def test_a_newcomer_takes_the_place_of_one_that_left():
    assert rank_species(tops(0.2, 0.9, 0.5, 0.7), 3, shown=(0, 2, 1)) == (3, 2, 1)


def test_more_room_is_filled_with_the_next_best():
    assert rank_species(tops(0.2, 0.9, 0.5, 0.7), 4, shown=(2, 1)) == (2, 1, 3, 0)


def test_nothing_predicted_leaves_what_is_shown():
    nothing = np.full((2, 3), np.nan)
    assert rank_species(nothing, 3, shown=(2, 0)) == (2, 0)
    assert top_columns(nothing[0], 3) == ()


def test_top_of_a_window():
    assert top_columns(np.array([0.1, 0.9, 0.5]), 2) == (1, 2)
