"""One answer as it comes from a browser, or from somebody who only claims to be one."""

import json
from typing import Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect

from gaussianmotion.study.questions import QUESTION_KEYS

# An answer is some 60 bytes.
MAX_BODY = 2000


class RefusedAnswer(Exception):
    """A request that is not served: an HTTP status and one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Answer(BaseModel):
    """What the page sends for each click."""

    model_config = ConfigDict(extra="forbid", strict=True)

    pair: int = Field(ge=1, le=100_000)
    question: str = Field(max_length=32)
    choice: Literal["a", "b"]


async def read_answer(request: Request) -> Answer:
    """The checked body of a vote; at most :data:`MAX_BODY` bytes of it are read.

    Raises:
        RefusedAnswer: it is no answer.
    """
    # Other sites' forms cannot send this type without asking first.
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise RefusedAnswer(415, "Send an answer as application/json.")
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                raise RefusedAnswer(413, "That is too long for an answer.")
    except ClientDisconnect:
        raise RefusedAnswer(400, "The answer did not arrive whole.") from None
    try:
        return Answer.model_validate(json.loads(body))
    except (ValidationError, ValueError, RecursionError):
        raise RefusedAnswer(
            422,
            'An answer looks like {"pair": 1, "question": "'
            + QUESTION_KEYS[0]
            + '", "choice": "a"}, with "a" or "b".',
        ) from None
