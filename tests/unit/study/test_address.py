"""The study says where other computers find it, and that they may."""

from gaussianmotion.study.serve import _addresses


def test_others_are_told_an_address_that_they_can_open() -> None:
    here, others = _addresses("0.0.0.0", 8000)
    assert here == "open http://localhost:8000"
    assert "http://localhost" not in others
    assert others.startswith("from other computers http://")
    assert others.endswith(":8000; anybody who reaches it votes")


def test_nobody_else_is_let_in_without_being_asked_for() -> None:
    assert _addresses("127.0.0.1", 8000) == ["open http://localhost:8000"]
    assert _addresses("::1", 8000) == ["open http://[::1]:8000"]
