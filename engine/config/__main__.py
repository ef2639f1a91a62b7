"""``python -m engine.config``: writes the default config.toml to standard output."""

import sys

from engine.config.rendering import render_default_toml

sys.stdout.write(render_default_toml())
