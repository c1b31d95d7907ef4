"""The shape of an avatar's body: its sentence's words say whose it is."""

from gaussianmotion.avatar.whose_face import who
from gaussianmotion.body.load import file_digest
from gaussianmotion.config import BodyConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped

#: Shape coefficients of the open body for the mean woman and man between MakeHuman's races, young
#: and old, with hips as high as the neutral adult's. The least squares that give them are in
#: ``synthesis.body.open_body.mean_shapes``; what ten directions cannot say is 1 to 2 mm.
SHAPES = {
    "woman": (-0.12, 1.15, -1.79, 1.37, -1.61, 0.99, -0.26, 0.05, -0.09, 0.85),
    "man": (0.10, -1.17, 1.83, -1.40, 1.58, -0.98, 0.24, -0.02, 0.03, -0.86),
    "old-woman": (-0.33, 3.13, 0.25, -2.69, 0.82, 0.07, 0.42, 0.16, -1.43, 1.12),
    "old-man": (-0.10, 1.92, 1.92, 2.25, 0.41, -0.10, -0.99, -0.70, 0.36, -0.68),
}
#: The file whose shape directions these are of: the first 12 digits of its SHA-256.
SHAPES_OF = "198cc2302534"


def in_shape(body: BodyConfig, prompt: str, seed: int) -> BodyConfig:
    """The body with the betas that the sentence chooses, where ``of_sentence`` is set.

    Whoever reads an avatar asks again: its file keeps what was asked for.

    Args:
        body: As it is configured.
        prompt: The sentence.
        seed: Decides where no word of it does.

    Raises:
        UserError: the file is not the open body that ships.
    """
    if not body.of_sentence:
        return body
    path = shipped(body.path)
    if path.is_file() and file_digest(path) != SHAPES_OF:
        raise UserError(
            f"{path} is not the open body that ships, whose shapes body.of_sentence knows: give it "
            "body.betas, or set body.of_sentence to false"
        )
    betas = list(SHAPES[who(prompt, seed)])
    return body.model_copy(update={"betas": betas, "of_sentence": False})
