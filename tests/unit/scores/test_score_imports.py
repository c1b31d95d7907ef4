"""A score's file is read by help texts and the workflow: nothing below it imports it back."""

import pytest

from gaussianmotion.config.score_names import declared_scores
from gaussianmotion.pipeline.code import source_tree


@pytest.mark.parametrize(("name", "room"), declared_scores().items())
def test_what_computes_a_score_does_not_import_its_declaration(name: str, room: str) -> None:
    declaration = f"gaussianmotion.scores.{room}.{name}_score"
    tree = source_tree()
    below = [
        module
        for module in tree.closure([declaration])
        if module.startswith(f"gaussianmotion.scores.{room}.") and module != declaration
    ]
    assert [module for module in below if declaration in tree.closure([module])] == []
