"""When each job ran and on which GPU, what that means for the GPUs, and a picture of it in text."""

from collections import defaultdict
from dataclasses import dataclass

TRAINING = "train"
_LETTERS = {TRAINING: "#", "reference": "r", "noised_sample": "n", "gsplat": "g"}
_WIDTH = 100


@dataclass(frozen=True)
class Ran:
    """One job.

    Attributes:
        rule: Its rule, without the number that rules have which are made in a loop.
        start: Second at which it began.
        end: Second at which it ended.
        gpus: Which GPUs it held.
        cores: How many cores it was counted for.
    """

    rule: str
    start: float
    end: float
    gpus: tuple[int, ...]
    cores: int

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return self.end - self.start


@dataclass(frozen=True)
class Timeline:
    """All jobs of a run.

    Attributes:
        jobs: In the order of their starts.
        gpus: How many GPUs there were.
        cores: How many cores there were.
    """

    jobs: tuple[Ran, ...]
    gpus: int
    cores: int

    @property
    def makespan(self) -> float:
        """Seconds until everything is done."""
        return max((job.end for job in self.jobs), default=0.0)

    @property
    def trained(self) -> float:
        """Seconds until the last training ends."""
        return max((job.end for job in self.jobs if job.rule == TRAINING), default=0.0)

    def held(self) -> dict[str, tuple[int, float, float]]:
        """Who holds GPUs: rule -> jobs, GPU seconds, and those of them until the last training."""
        found: dict[str, tuple[int, float, float]] = defaultdict(lambda: (0, 0.0, 0.0))
        for job in self.jobs:
            if job.gpus:
                count, total, before = found[job.rule]
                until = max(0.0, min(job.end, self.trained) - job.start)
                found[job.rule] = (
                    count + 1,
                    total + job.seconds * len(job.gpus),
                    before + until * len(job.gpus),
                )
        return dict(sorted(found.items(), key=lambda item: -item[1][1]))

    def share(self) -> float:
        """Share of the GPUs' time that is in trainings, until the last training ends."""
        whole = self.gpus * self.trained
        return self.held().get(TRAINING, (0, 0.0, 0.0))[2] / whole if whole else 0.0

    def gaps(self, gpu: int) -> list[tuple[float, float]]:
        """From when to when nobody holds a GPU, until the last training ends."""
        found, until = [], 0.0
        for job in sorted(self.jobs, key=lambda job: job.start):
            if gpu in job.gpus:
                if job.start > until:
                    found.append((until, min(job.start, self.trained)))
                until = max(until, job.end)
        if until < self.trained:
            found.append((until, self.trained))
        return [(start, end) for start, end in found if end > start]

    def summary(self) -> str:
        """The figures, and who holds GPUs, in words and rows."""
        lines = [
            f"{100 * self.share():.1f} % of GPU time in trainings until the last one ends "
            f"({self.trained / 3600:.2f} h); all is done after {self.makespan / 3600:.2f} h",
            f"{'holds a GPU':18} {'jobs':>5} {'GPU hours':>10} {'until the last training':>24}",
        ]
        for rule, (count, total, before) in self.held().items():
            lines.append(f"{rule:18} {count:5} {total / 3600:10.2f} {before / 3600:24.2f}")
        for gpu in range(self.gpus):
            gaps = [end - start for start, end in self.gaps(gpu)]
            lines.append(
                f"GPU {gpu}: {len(gaps)} gaps, {sum(gaps):.0f} s in all, "
                f"the longest {max(gaps, default=0):.0f} s"
            )
        return "\n".join(lines)

    def gantt(self) -> str:
        """A row for each GPU, a character for each hundredth of the run, and the cores in use."""
        step = self.makespan / _WIDTH
        letters = _LETTERS | {
            rule: chr(ord("A") + index)
            for index, rule in enumerate(rule for rule in self.held() if rule not in _LETTERS)
        }
        rows = [
            f"GPU {gpu} " + "".join(self._most(gpu, i * step, step, letters) for i in range(_WIDTH))
            for gpu in range(self.gpus)
        ]
        rows.append("cores " + "".join(self._busy(i * step, step) for i in range(_WIDTH)))
        known = ", ".join(f"{letters[rule]} {rule}" for rule in self.held())
        rows.append(f"{known}, . idle; cores in tenths; a character is {step:.0f} s")
        return "\n".join(rows)

    def _most(self, gpu: int, start: float, step: float, letters: dict[str, str]) -> str:
        """What a GPU does most in a stretch of time."""
        spent = {".": step}
        for job in self.jobs:
            if gpu in job.gpus and job.start < start + step and job.end > start:
                part = min(job.end, start + step) - max(job.start, start)
                spent[letters[job.rule]] = spent.get(letters[job.rule], 0.0) + part
                spent["."] -= part
        return max(spent, key=lambda letter: spent[letter])

    def _busy(self, start: float, step: float) -> str:
        """Tenths of the cores that are counted for."""
        spent = sum(
            job.cores * (min(job.end, start + step) - max(job.start, start))
            for job in self.jobs
            if job.start < start + step and job.end > start
        )
        return str(min(9, int(10 * spent / (step * self.cores))))
