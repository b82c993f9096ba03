"""Steps: whose node a path stands under."""

from hypothesis import example, given
from hypothesis import strategies as st

from platos.core.step import above, is_under

paths = st.text("ab/[]~1", max_size=12)


@given(paths, paths)
@example("each[a/b]/one~2", "each[a")
@example("each[a]/one", "each[a]/on")
def test_a_path_is_under_just_those_above_it(path: str, other: str) -> None:
    assert (other in above(path)) == is_under(path, other)
    assert all(is_under(path, each) for each in above(path))


@given(paths)
def test_those_above_come_the_highest_first(path: str) -> None:
    assert above(path) == sorted(above(path), key=len)
    assert above(path)[-1] == path
