"""Which face an avatar gets: the sentence says whose, the seed which."""

import pytest

from gaussianmotion.avatar.whose_face import whose_face
from gaussianmotion.config.face import NAMES


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("a woman in a red dress", "woman"),
        ("A man in a blue suit", "man"),
        ("an old man with a brown hat", "old-man"),
        ("an elderly woman with grey hair", "old-woman"),
        ("a grandmother in a green sweater", "old-woman"),
        ("a middle aged man", "man"),
        ("a man beside his mother", "man"),
        ("a Lady with her hat", "woman"),
        ("a 20 year old woman in jeans", "woman"),
        ("a 7-year-old boy", "man"),
        ("an 80 years old man", "old-man"),
        ("a woman in old jeans", "woman"),
        ("an old-fashioned suit on a man", "man"),
        ("an older policewoman in blue", "old-woman"),
        ("a salesman", "man"),
        ("a German in shorts", "man or woman"),
        ("an old firefighter", "old-man or old-woman"),
        ("a granny with a hat", "old-woman"),
        ("", "man or woman"),
    ],
)
def test_words_say_whose_face_it_is(prompt, kind):
    found = {whose_face(prompt, seed).rsplit("-", 1)[0] for seed in range(40)}
    assert found == set(kind.split(" or "))


def test_seeds_choose_among_all_faces_and_equal_ones_choose_the_same():
    found = [whose_face("an old person", seed) for seed in range(60)]
    assert set(found) == {name for name in NAMES if name.startswith("old-")}
    assert found == [whose_face("an old person", seed) for seed in range(60)]
