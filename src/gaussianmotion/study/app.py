"""The web pages of the user study and what they send back.

A person sees A and B, never a system's name: pairs and clips are addressed by their place in that
person's own order, and what is A there is known to the server only.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.params import Path as PathParameter
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from gaussianmotion.study.answer import Answer, RefusedAnswer, read_answer
from gaussianmotion.study.clips import Clips
from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.questions import QUESTION_KEYS, QUESTIONS
from gaussianmotion.study.store import Store, UnknownTrial
from gaussianmotion.study.trials import Trial, first_open

PAGES = Path(__file__).parent / "pages"
YEAR = 365 * 24 * 3600
# Seconds that one pair takes, for the welcome page.
PAIR_SECONDS = 25
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Position = Annotated[int, PathParameter(ge=1, le=100_000)]


def create_app(pairs: PairSet, files: dict[str, list[list[Path]]], store: Store) -> FastAPI:
    """The application.

    Args:
        pairs: The study.
        files: The clips by pair id and side, as :func:`~gaussianmotion.study.pairs.clip_files`
            returns them.
        store: Where votes are kept.
    """
    app = FastAPI(title="User study", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=PAGES / "static"), name="static")
    pages = Jinja2Templates(directory=PAGES / "templates")
    by_id = {pair.id: pair for pair in pairs.pairs}
    cookie = f"study_{pairs.study}"
    clips = Clips(files)

    def page(request: Request, name: str, status: int = 200, **context: Any) -> Response:
        return pages.TemplateResponse(
            request, name, context, status_code=status, headers={"Cache-Control": "no-store"}
        )

    def person_of(request: Request) -> int | None:
        return store.person(request.cookies.get(cookie))

    def trials_of(request: Request) -> list[Trial]:
        person = person_of(request)
        if person is None:
            raise RefusedAnswer(403, "This browser has not begun the study. Open its first page.")
        return store.trials(person)

    @app.middleware("http")
    async def headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(RefusedAnswer)
    @app.exception_handler(HTTPException)
    @app.exception_handler(RequestValidationError)
    @app.exception_handler(SQLAlchemyError)
    @app.exception_handler(OSError)
    async def refuse(request: Request, error: Exception) -> Response:
        status, message = _said(error)
        if request.url.path == "/votes":
            return JSONResponse({"error": message}, status)
        return page(request, "message.html", status, message=message)

    @app.get("/")
    def welcome(request: Request) -> Response:
        person = person_of(request)
        trials = store.trials(person) if person is not None else []
        return page(
            request,
            "welcome.html",
            count=len(by_id),
            minutes=max(1, round(len(by_id) * PAIR_SECONDS / 60)),
            done=sum(trial.finished for trial in trials),
            begun=bool(trials),
        )

    @app.post("/begin")
    def begin(request: Request) -> Response:
        # Another site's form comes without our cookie, and would put a new one in its place.
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise RefusedAnswer(403, "Begin on the study's own first page.")
        response = RedirectResponse("/pair?begun=true", 303)
        if person_of(request) is None:
            token = store.join(by_id, [pair.sides[1].system for pair in pairs.pairs])
            response.set_cookie(
                cookie,
                token,
                max_age=YEAR,
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
            )
        return response

    @app.get("/pair")
    def next_pair(request: Request, begun: bool = False) -> Response:
        if person_of(request) is None:
            if begun:
                raise RefusedAnswer(
                    403,
                    "Your browser did not keep this study's cookie, by which it finds your answers "
                    "again. Please allow cookies for this page, and begin again.",
                )
            return RedirectResponse("/", 303)
        trial = first_open(trials_of(request))
        return RedirectResponse("/thanks" if trial is None else f"/pair/{trial.position}", 303)

    @app.get("/pair/{position}")
    def show_pair(request: Request, position: Position) -> Response:
        if person_of(request) is None:
            return RedirectResponse("/", 303)
        trials = trials_of(request)
        if position > len(trials):
            raise RefusedAnswer(404, "There is no such page.")
        open_trial = first_open(trials)
        if open_trial is not None and position > open_trial.position:
            return RedirectResponse(f"/pair/{open_trial.position}", 303)
        trial = trials[position - 1]
        pair = by_id[trial.pair]
        return page(
            request,
            "pair.html",
            prompt=pair.prompt,
            animated=pair.kind == "animated",
            form=pair.form,
            clips=len(pair.sides[0].clips),
            position=position,
            count=len(trials),
            done=sum(trial.finished for trial in trials),
            questions=QUESTIONS,
            answers=trial.answers,
        )

    @app.get("/thanks")
    def thanks(request: Request) -> Response:
        trials = trials_of(request)
        open_trial = first_open(trials)
        if open_trial is not None:
            return RedirectResponse(f"/pair/{open_trial.position}", 303)
        return page(request, "thanks.html", count=len(trials))

    @app.get("/clips/{position}/{letter}/{index}")
    def clip(
        request: Request, position: Position, letter: Literal["a", "b"], index: int
    ) -> Response:
        trials = trials_of(request)
        if position > len(trials):
            raise RefusedAnswer(404, "There is no such clip.")
        trial = trials[position - 1]
        side = trial.shown_as_a if letter == "a" else 1 - trial.shown_as_a
        return clips.response(trial.pair, side, index)

    @app.post("/votes")
    async def vote(request: Request) -> Response:
        answer = await read_answer(request)
        return await run_in_threadpool(keep, request, answer)

    def keep(request: Request, answer: Answer) -> Response:
        person = person_of(request)
        if person is None:
            raise RefusedAnswer(403, "This browser has not begun the study. Open its first page.")
        trials = store.trials(person)
        open_trial = first_open(trials)
        if open_trial is not None and open_trial.position < answer.pair <= len(trials):
            raise RefusedAnswer(422, "Answer the pairs before this one first.")
        if answer.pair <= len(trials):
            clips.check(trials[answer.pair - 1].pair)
        try:
            store.vote(person, answer.pair, answer.question, answer.choice)
        except UnknownTrial:
            raise RefusedAnswer(422, "You were not asked that question about that pair.") from None
        given = store.trials(person)[answer.pair - 1].answers
        return JSONResponse(
            {"saved": True, "open": [key for key in QUESTION_KEYS if key not in given]}
        )

    return app


def _said(error: Exception) -> tuple[int, str]:
    """Status and one sentence for whatever went wrong."""
    if isinstance(error, RefusedAnswer):
        return error.status, error.message
    # A driver lets the socket's own errors through where its server goes away.
    if isinstance(error, SQLAlchemyError | OSError):
        print(f"study: {str(error).splitlines()[0]}", file=sys.stderr)
        return 503, "Answers cannot be stored at the moment. Please try again in a minute."
    if isinstance(error, HTTPException) and error.status_code != 404:
        return error.status_code, "This address does not take that."
    return 404, "There is no such page."
