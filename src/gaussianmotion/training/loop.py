"""Training of one avatar, top to bottom: eq. 8 of GaussianMotion.

Each step draws poses, cameras and backgrounds, poses and draws the Gaussians, asks the prior what
is wrong with the pictures, adds the two regularisers, and steps Adam. Everything random comes from
four CPU generators, so that a seed means the same on every device, and a training that was killed
goes on bit for bit (on the CPU; CUDA's atomics add in any order).
"""

import time
from functools import partial
from pathlib import Path

import torch

from gaussianmotion import __version__
from gaussianmotion.avatar.file import AvatarMetadata
from gaussianmotion.avatar.gaussians import FAINT
from gaussianmotion.avatar.limits import overshoot
from gaussianmotion.avatar.whose_body import in_shape
from gaussianmotion.body import load_body
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.digest import prior_digest
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.execution import run_as_asked
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.guidance.timesteps import annealed, first_annealed, looks_again
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.training.checkpoint import (
    GIVEN,
    load_checkpoint,
    save_checkpoint,
    training_digest,
    training_state,
)
from gaussianmotion.training.curves import Curves
from gaussianmotion.training.divergence import refuse_lost, refuse_untrained, stop_if_lost
from gaussianmotion.training.environment import choose_device, ran_on
from gaussianmotion.training.finish import finish
from gaussianmotion.training.lookahead import Condition, Lookahead, Prepared, draw_pose
from gaussianmotion.training.losses import scale_loss, skinning_loss
from gaussianmotion.training.optimiser import all_finite, set_rates, skip_or_stop
from gaussianmotion.training.previews import render_preview, save_picture
from gaussianmotion.training.process import only_run_in, stop_on_signal
from gaussianmotion.training.progress import StepProgress
from gaussianmotion.training.results import save_results
from gaussianmotion.training.start import start
from gaussianmotion.training.tidy import tidy
from gaussianmotion.training.words import warn_of_words

# Share of the steps at the end over which run.json's final losses are averaged.
FINAL_SHARE = 0.1


def train(
    config: TrainSettings,
    prompt_id: str,
    prompt: str,
    seed: int,
    out_dir: Path,
    prior: Prior | None = None,
    progress: bool = True,
    condition: Condition | None = None,
    threads: int | None = None,
    code: str = "",
    keep: bool = False,
) -> Path:
    """Train an avatar; goes on from ``checkpoint.pt`` if an earlier run left one.

    Writes ``avatar.safetensors``, ``curves.csv``, ``run.json`` and ``previews/*.png``. SIGINT and
    SIGTERM let the step finish, write the checkpoint and exit with status 130.

    Args:
        config: Device, rasteriser, prior, body and the training itself.
        prompt_id: Names the training in messages and files.
        prompt: The sentence.
        seed: Of everything random.
        out_dir: Folder of the outputs; one training at a time may use it.
        prior: In place of the one that the configuration names.
        progress: Show a bar, or lines where there is no terminal.
        condition: Draws what the prior is conditioned on, if ``pose_guidance`` is set; on the CPU.
            The pose, with the neck of ``prior.neck``, where not given.
        threads: Of the CPU; as many as torch has where not given.
        code: Digest of the code that runs, for ``run.json``.
        keep: The finished checkpoint, until whoever started the training has noted its end.

    Returns:
        Path of the avatar file.

    Raises:
        UserError: the folder is in use or cannot be written, the body or the prior cannot be
            loaded, or the training diverged.
        SystemExit: status 130, after a signal.
    """
    settings, folder = config.train, RunFolder(out_dir)
    device = choose_device(config.device)
    if threads is not None:
        torch.set_num_threads(threads)
    shape = in_shape(config.body, prompt, seed)
    body = load_body(shape.path, shape.betas, device=str(device))
    weights_digest = prior_digest(config.prior) if prior is None else GIVEN
    digest = training_digest(config, prompt, seed, body.id, weights_digest)
    # Steps of other code are no beginning of this training.
    unfinished = f"{digest} {code}".strip()
    checkpoint = folder.checkpoint

    with only_run_in(out_dir), stop_on_signal() as stop:
        prior = prior or run_as_asked(load_prior(config.prior, device), settings)
        unknown = warn_of_words(prior, prompt_id, prompt, config.prior)
        distil = ScoreDistillation(prior, settings.score, config.prior, prompt)

        state = start(settings, body, prompt, seed, load_checkpoint(checkpoint, unfinished))
        avatar, optimiser, density = state.avatar, state.optimiser, state.density
        generators, face = state.generators, state.face
        finished, seconds = state.finished, state.seconds
        channels = prior.condition_channels
        condition = condition or partial(draw_pose, neck=config.prior.neck, channels=channels)
        ahead = Lookahead(body, settings, generators["views"], condition)
        if not finished:
            folder.remove_previews()

        def save_state() -> None:
            refuse_lost(avatar, body, finished, settings, checkpoint)
            curves.sync()
            states = {name: generator.get_state() for name, generator in generators.items()}
            states["views"] = ahead.generator_state()
            kept = training_state(finished, seconds, avatar, optimiser, density, states)
            save_checkpoint(checkpoint, unfinished, kept)

        with (
            Curves(folder.curves, finished) as curves,
            StepProgress(f"{prompt_id}, seed {seed}", finished, settings.steps, progress) as bar,
        ):
            seen: Prepared | None = None
            again = due = False  # whether the step looks at the views before; whether to save
            skipped, fault = 0, None  # steps in a row, and what of the prior the last was due to
            while finished < settings.steps:
                began = time.perf_counter()

                # What is looked at.
                if seen is None or not again:
                    seen = ahead.take(finished)
                weights = avatar.weights()
                rendering = avatar.render(
                    body,
                    seen.views.poses,
                    seen.views.cameras,
                    seen.views.backgrounds,
                    config.rasteriser,
                    weights=weights,
                    compensate=settings.opacity_compensation,
                )
                rendering.info["means2d"].retain_grad()

                # Eq. 8.
                score, figures = distil(
                    *(rendering.rgb, seen.views.cameras, seen.condition),
                    *(finished, settings.steps, generators["noise"]),
                    again=again,
                )
                scale = scale_loss(avatar.scales, settings.loss.scale_threshold)
                skin = skinning_loss(weights, avatar.smpl_weights)
                loss = score + settings.loss.scale * scale + settings.loss.skin * skin

                set_rates(optimiser, settings.lr, finished / settings.steps)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                if face:
                    face.hold(avatar)
                # What is told: asked for now, and read, which waits for the device, all at once
                # after the CPU has drawn the next views.
                terms = {"loss": loss, "score": score, "scale": scale, "skin": skin, **figures}
                terms |= {"opacity": avatar.opacities.mean(), "finite": all_finite(loss, avatar)}
                terms |= {"far": overshoot(avatar, body).amax(), "seen": rendering.alpha.mean()}
                told = torch.stack([value.detach().float() for value in terms.values()])
                following = finished + 1
                again = looks_again(settings.score, following, settings.steps)
                if following < settings.steps and not again:
                    ahead.prepare(following)
                row = dict(zip(terms, told.tolist(), strict=True))
                # The pictures are of the avatar as the step before left it.
                stop_if_lost(row, avatar, body, finished, settings, checkpoint)
                if row.pop("finite"):
                    optimiser.step()
                    density.observe(rendering.info)
                    skipped = 0
                else:
                    row, skipped = {}, skipped + 1
                    distil.forget_pictures()
                    fault = distil.fault()
                    skip_or_stop(skipped, loss, avatar, finished + 1, checkpoint, fault)
                finished += 1
                done = finished == settings.steps
                held = face.index if face else None
                tidy(avatar, body, settings, finished, density.began, held)
                if face and annealed(settings.score, finished - 1, settings.steps):
                    face.draw(avatar, settings.face.rate)
                if settings.skirt and finished == first_annealed(settings.score, settings.steps):
                    density.drop_fainter(avatar, optimiser, FAINT)
                density.update(finished, avatar, optimiser, body, generators["density"])

                # What is kept.
                spent = time.perf_counter() - began
                seconds += spent
                row |= {"gaussians": float(len(avatar)), "seconds": spent}
                curves.append({"step": float(finished), **row})
                bar.update(finished, f"{spent:.2f} s a step, {len(avatar):,} Gaussians")
                if finished % settings.preview_every == 0 and not done:
                    picture = render_preview(avatar, body, settings, config.rasteriser)
                    save_picture(folder.preview(finished), picture)
                due |= finished % settings.checkpoint_every == 0 or stop.requested or done
                # Views that are looked at again are in no checkpoint: it waits for the next ones.
                if not again or done:
                    if due:
                        save_state()
                    due = False
                    stop.end_unfinished(finished, settings.steps, checkpoint)
            refuse_untrained(optimiser, settings.steps, fault)

            # The finished checkpoint is of before it: who is killed here does it anew.
            began = time.perf_counter()
            if settings.smooth_surface or settings.garments:
                bar.note("the ending: surface, clothes and light")
            finish(avatar, body, config, seed, face, condition, prior, prompt)
            seconds += time.perf_counter() - began
            picture = render_preview(avatar, body, settings, config.rasteriser)
            save_picture(folder.preview(finished), picture)

        refuse_lost(avatar, body, finished, settings, checkpoint)
        path = save_results(
            folder,
            avatar,
            AvatarMetadata(
                prompt_id=prompt_id,
                prompt=prompt,
                seed=seed,
                steps=settings.steps,
                body_id=body.id,
                digest=digest,
                config=config.model_dump(mode="json"),
                version=__version__,
            ),
            {
                "seconds": round(seconds, 2),
                "final": curves.means(settings.steps - max(1, round(FINAL_SHARE * settings.steps))),
                "unknown_words": unknown,
                "prior_weights": weights_digest,
                "code": code,
                **ran_on(device, prior),
            },
        )
        # Last: a kill before this line finds the finished checkpoint and only writes again.
        if not keep:
            checkpoint.unlink(missing_ok=True)
    return path
