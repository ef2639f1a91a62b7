"""Slash commands, one file a subject; loaded by name from `bot.app.EXTENSIONS`."""
