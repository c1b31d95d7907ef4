"""How long jobs take: from a table that anybody can write, or from what Snakemake measured."""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = ("rule", "variant", "seconds", "each", "source")


def base_name(rule: str) -> str:
    """A rule's name without the number of one that is made in a loop."""
    return re.sub(r"_\d+$", "", rule)


@dataclass(frozen=True)
class JobTimes:
    """Seconds of jobs by rule, and by variant where one takes longer.

    Attributes:
        rows: (rule, variant) -> (seconds of a job, seconds more for each of its outputs). The
            variant is empty where the row is of all, the rule ``*`` where no other has a row.
        results: A finished experiment: its jobs take what Snakemake measured there.
        missing: Rules of which there was no row, as they were asked for.
    """

    rows: dict[tuple[str, str], tuple[float, float]]
    results: Path | None = None
    missing: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path, results: Path | None = None) -> "JobTimes":
        """Read a tab-separated table of rule, variant, seconds, each and where they are from.

        Raises:
            SystemExit: a column is missing, or a time is no number of seconds.
        """
        with path.open(encoding="utf-8", newline="") as file:
            lines = (line for line in file if not line.startswith("#"))
            rows = list(csv.DictReader(lines, delimiter="\t"))
        times = {}
        for row in rows:
            if not set(COLUMNS[:4]) <= row.keys():
                raise SystemExit(f"{path}: the columns are {', '.join(COLUMNS)}")
            try:
                seconds = float(row["seconds"] or 0), float(row["each"] or 0)
            except ValueError:
                raise SystemExit(f"{path}: {row['rule']}: seconds are numbers") from None
            times[row["rule"], row["variant"] or ""] = seconds
        return cls(times, results)

    def of(self, job: Any) -> float:
        """Seconds of one of Snakemake's jobs."""
        measured = self._measured(job)
        if measured is not None:
            return measured
        rule = base_name(job.rule.name)
        variant = job.wildcards_dict.get("variant", "")
        for key in ((rule, variant), (rule, ""), ("*", "")):
            if key in self.rows:
                if key[0] == "*":
                    self.missing.add(rule)
                seconds, each = self.rows[key]
                return seconds + each * len(job.output)
        raise SystemExit(f"no time of the rule {rule}, nor of all others (*)")

    def _measured(self, job: Any) -> float | None:
        """What Snakemake wrote of this job into the results folder, in the column ``s``."""
        if self.results is None or not job.benchmark:
            return None
        # results/NAME/... of the configuration, wherever the measured experiment was.
        path = self.results.joinpath(*Path(job.benchmark).parts[2:])
        if not path.is_file():
            return None
        header, first, *_ = path.read_text(encoding="utf-8").splitlines()
        return float(dict(zip(header.split("\t"), first.split("\t"), strict=True))["s"])
