"""The process: Discord, the command line, the local sandbox; the engine is behind its facade."""
