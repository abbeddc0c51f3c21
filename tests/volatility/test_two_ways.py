"""A network made twice: agreement is said only where seeds explain the difference."""

from made_up import text

from labkit.volatility.two_ways import said, two_ways


def test_two_ways_agree_inside_the_range_of_seeds_and_just_outside():
    assert "0.500 to 0.520: the same, up to" in text(said(two_ways(0.51, [0.52, 0.5])))
    near = two_ways(0.53, [0.52, 0.5])
    assert near.agree and round(near.beyond, 3) == 0.01


def test_a_loop_far_outside_is_said_to_be():
    far = text(said(two_ways(0.3, [0.52, 0.5])))
    assert "0.200 outside that range" in far and "the same" not in far
