"""Replay a published crowd through the platform and print what it came to."""

import argparse
import os
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from coop.database import access
from coop.database.embedded import Unavailable
from coop.demo import crowd
from coop.demo.crowd import Data, Figures

FILES = ("pairs.jsonl", "answers.csv", "truth.csv")


class Command(BaseCommand):
    """`simulate product-match --data FOLDER`: resumable; a second run does only what is missing."""

    help = "Replay a published crowd through the platform's own acts."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Read what to replay and from where."""
        parser.add_argument("crowd", choices=["product-match"])
        parser.add_argument("--data", type=Path, required=True, help="Folder with pairs.jsonl, answers.csv, truth.csv.")
        parser.add_argument("--limit", type=int, help="Only so many pairs.")
        parser.add_argument("--processes", type=int, default=2 * (os.cpu_count() or 1), help="Working side by side.")

    def handle(self, *, data: Path, limit: int | None, processes: int, **_options: Any) -> None:
        """Replay and print."""
        missing = [name for name in FILES if not (data / name).is_file()]
        if missing:
            message = f"{data} lacks {', '.join(missing)}."
            raise CommandError(message)
        try:
            with access.as_web(), tqdm(total=0, unit="answer", mininterval=1) as bar:
                figures = crowd.replay(Data(data, limit), processes=processes, progress=partial(_show, bar))
        except Unavailable as error:
            raise CommandError(str(error)) from error
        self.report(figures)

    def report(self, found: Figures) -> None:
        """Print the figures, one a line."""
        books = "balanced to the last unit" if not found.problems else f"DO NOT BALANCE: {found.problems}"
        lines = (
            f"people paid            {found.people:,}",
            f"answers paid           {found.answers:,}",
            f"paid to people         US$ {found.paid:,f}",
            f"co-op fee              US$ {found.fees:,f}",
            f"an hour                US$ {found.hourly} at the card's usual time (the data has no times)",
            f"books                  {books}",
            f"agreement              {found.agreement:.2%}",
            f"majority, accuracy     {found.accuracy:.2%}",
            f"majority, F1           {found.f1:.2%}",
            f"weighed, accuracy      {found.weighed_accuracy:.2%}",
            f"weighed, F1            {found.weighed_f1:.2%}",
        )
        self.stdout.write("\n".join(lines))


def _show(bar: "tqdm[Any]", more: int, done: int) -> None:
    bar.total = (bar.total or 0) + more
    bar.update(done)
