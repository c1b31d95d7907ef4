"""Bad inputs by kind; a new case is a :class:`Case` in one of these lists."""

from bad_inputs import (
    arrays,
    configuration,
    exports,
    models,
    people,
    synthesis,
    text,
    trainings,
    workflow,
)
from bad_inputs.case import Case

KINDS: dict[str, list[Case]] = {
    "trainings": trainings.CASES,
    "people": people.CASES,
    "models": models.CASES,
    "avatars": arrays.AVATARS,
    "bodies": arrays.BODIES,
    "motions": [*arrays.MOTIONS, *exports.MOTIONS],
    "exports": exports.CASES,
    "configuration": configuration.CASES,
    "text": text.CASES,
    "places": configuration.PLACES,
    "workflow": workflow.CASES,
    "synthesis": synthesis.CASES,
}
