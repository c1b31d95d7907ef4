"""The shape of an avatar's body: its sentence's words say whose it is."""

from gaussianmotion.avatar.whose_face import who
from gaussianmotion.config.stages import TrainSettings

#: Shape coefficients of the open body for the mean woman and man between MakeHuman's races, young
#: and old, with hips as high as the neutral adult's. The least squares that give them are in
#: ``synthesis.body.open_body.mean_shapes``; what ten directions cannot say is 1 to 2 mm.
SHAPES = {
    "woman": (-0.12, 1.15, -1.79, 1.37, -1.61, 0.99, -0.26, 0.05, -0.09, 0.85),
    "man": (0.10, -1.17, 1.83, -1.40, 1.58, -0.98, 0.24, -0.02, 0.03, -0.86),
    "old-woman": (-0.33, 3.13, 0.25, -2.69, 0.82, 0.07, 0.42, 0.16, -1.43, 1.12),
    "old-man": (-0.10, 1.92, 1.92, 2.25, 0.41, -0.10, -0.99, -0.70, 0.36, -0.68),
}


def in_shape(config: TrainSettings, prompt: str, seed: int) -> TrainSettings:
    """The settings with the betas that the sentence chooses, where ``body.of_sentence`` is set.

    Whoever reads the avatar finds a body of these betas, as if they had been given.

    Args:
        config: Settings of a training.
        prompt: The sentence.
        seed: Decides where no word of it does.
    """
    if not config.body.of_sentence:
        return config
    shape = {"betas": list(SHAPES[who(prompt, seed)]), "of_sentence": False}
    return config.model_copy(update={"body": config.body.model_copy(update=shape)})
