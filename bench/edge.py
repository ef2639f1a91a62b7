"""The edge study of docs/research/edge: ``python bench/edge.py --data FOLDER --out DIR``.

Writes every trial into DIR/trials.jsonl, results as DIR/edge.json, and the results' part of each
page as DIR/NAME.md. Takes some minutes; nothing after the lock is read into any number.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from engine.clock import SystemClock
from engine.errors import ExecutorError
from engine.research.edge import page_of, run_study, study_as_json
from engine.research.edge.hypotheses import TITLES
from engine.research.edge.judging import DRAWS
from engine.research.edge.tables import summary_of
from engine.research.trials import TrialLog


def main() -> int:
    """Run the study; 1 after a fault that has a mend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the recorded files")
    parser.add_argument("--out", type=Path, required=True, help="folder for results")
    parser.add_argument("--draws", type=int, default=DRAWS, help="bootstrap draws")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    log = TrialLog(given.out / "trials.jsonl", SystemClock())
    try:
        study = run_study(given.data, log, given.draws, _tell)
    except ExecutorError as fault:
        print(f"edge: {fault}", file=sys.stderr)
        return 1
    told = json.dumps(study_as_json(study), indent=1, allow_nan=False)
    (given.out / "edge.json").write_text(told + "\n", encoding="utf-8")
    for name in TITLES:
        (given.out / f"{name}.md").write_text(page_of(study, name), encoding="utf-8")
    (given.out / "summary.md").write_text(summary_of(study), encoding="utf-8")
    print(summary_of(study))
    print(f"{time.perf_counter() - begun:.0f} s")
    return 0


def _tell(done: int, total: int, what: str) -> None:
    if done % 20 == 0:
        print(f"{done} of {total}: {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
