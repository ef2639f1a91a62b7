"""The subcommands of ``executor``, a module a subject; importing one registers it."""
