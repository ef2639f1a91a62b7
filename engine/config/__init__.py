"""Settings from config.toml, secrets from the environment; see docs/units.md for the names.

Refuses unknown keys, values out of range, and secrets in files.
"""

from engine.config.credentials import Secrets
from engine.config.loading import load_settings, locate_config, settings_from
from engine.config.settings import PLACES, Settings

__all__ = ["PLACES", "Secrets", "Settings", "load_settings", "locate_config", "settings_from"]
