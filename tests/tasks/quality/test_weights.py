from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.quality.weights import OTHERWISE, Outcome, Weights

SURE = {"yes": {"yes": 0.95, "no": 0.05}, "no": {"yes": 0.05, "no": 0.95}}
BLIND = {"yes": {"yes": 0.5, "no": 0.5}, "no": {"yes": 0.5, "no": 0.5}}
KNOWN = Weights({"yes": 0.5, "no": 0.5}, {1: SURE, 2: BLIND, 3: BLIND}, BLIND)


def told(weights: Weights, said: dict[int, str]) -> tuple[str | None, float]:
    """Return what the labels come to, and how sure that is to the third decimal."""
    outcome = weights.outcome(said)
    return outcome.label, round(outcome.confidence, 3)


def test_without_anything_known_most_decide_and_a_tie_is_left_open() -> None:
    assert told(Weights(), {1: "yes", 2: "yes", 3: "no"}) == ("yes", 0.667)
    assert Weights().outcome({1: "yes", 2: "no"}) == Outcome(None, 0.5)


def test_one_who_tells_them_apart_counts_more_than_two_who_do_not() -> None:
    assert told(KNOWN, {1: "yes", 2: "no", 3: "no"}) == ("yes", 0.95)


def test_whoever_is_new_counts_as_the_usual_answer() -> None:
    assert KNOWN.outcome({9: "no", 1: "yes"}) == KNOWN.outcome({2: "no", 1: "yes"})


def test_a_label_that_was_not_there_before_is_counted() -> None:
    assert told(KNOWN, {1: "no", 2: "perhaps", 3: "perhaps"}) == ("perhaps", 0.667)


def test_who_was_never_wrong_does_not_decide_against_everybody() -> None:
    always = Weights({"yes": 0.5, "no": 0.5}, {1: {"yes": {"yes": 1.0}}} | dict.fromkeys(range(2, 9), SURE), SURE)
    assert always.outcome({1: "yes"} | dict.fromkeys(range(2, 9), "no")).label == "no"


def test_one_rest_stands_for_all_other_labels() -> None:
    guesses = {"a": {OTHERWISE: 0.1, "a": 0.9}, "b": {OTHERWISE: 0.1, "b": 0.9}, "c": {OTHERWISE: 0.1, "c": 0.9}}
    three = Weights(dict.fromkeys("abc", 1 / 3), {}, guesses)
    assert three.outcome({1: "a", 2: "b", 3: "b"}).label == "b"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.integers(1, 9), st.sampled_from(["yes", "no"]), min_size=1))
def test_confidence_is_a_chance(said: dict[int, str]) -> None:
    for weights in (Weights(), KNOWN):
        outcome = weights.outcome(said)
        assert 0 < outcome.confidence <= 1
        assert outcome.label in {*said.values(), None, "yes", "no"}
