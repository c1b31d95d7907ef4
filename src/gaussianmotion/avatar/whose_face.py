"""Which of the faces that ship an avatar is drawn to: its sentence's words and its seed say."""

import re
import zlib

from gaussianmotion.body.face_marks import EACH

#: Words that say it; who is called by none of a pair is either, as the seed has it.
WOMEN = {"woman", "women", "girl", "lady", "female", "she", "her", "mother", "grandmother"}
MEN = {"man", "men", "boy", "gentleman", "guy", "male", "he", "his", "father", "grandfather"}
OLD = {"old", "elderly", "senior", "grandmother", "grandfather"}


def whose_face(prompt: str, seed: int) -> str:
    """The name of a face (:data:`gaussianmotion.body.face_marks.NAMES`).

    Args:
        prompt: The sentence; whom its first such word calls a woman or a man is one.
        seed: Equal ones give equal faces.
    """
    words = re.findall(r"[^\W\d_]+", prompt.lower())
    number = zlib.crc32(f"{seed} {prompt}".encode())
    told = [word in WOMEN for word in words if word in WOMEN | MEN]
    woman = told[0] if told else number % 2 == 0
    age = "old-" if OLD & set(words) else ""
    return f"{age}{'woman' if woman else 'man'}-{1 + number // 2 % EACH}"
