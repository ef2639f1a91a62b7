"""Which faults are told in one line, and how.

Refuses to hide a bug: what nobody foresaw keeps its traceback.
"""

from __future__ import annotations


def one_line(fault: BaseException) -> str | None:
    """The line that tells a foreseen fault with its mend; None for any other.

    Examples
    --------
    >>> from engine.facade import ExecutorError
    >>> one_line(ExecutorError("the file is gone: restore it"))
    'the file is gone: restore it'
    """
    # Late: without a fault the command line does without all of this, and is faster for it.
    from bot.errors import NoOwner
    from bot.sandbox import SandboxError
    from engine.facade import ExecutorError

    if isinstance(fault, BaseExceptionGroup):
        lines = {one_line(each) for each in fault.exceptions}
        return lines.pop() if len(lines) == 1 else None
    if isinstance(fault, ExecutorError | SandboxError | NoOwner):
        return str(fault)
    return _of_discord(fault)


def _of_discord(fault: BaseException) -> str | None:
    import discord

    if isinstance(fault, discord.LoginFailure):
        return (
            "Discord refused the token: copy it anew from the Developer Portal (Bot > Reset "
            "Token) into DISCORD_TOKEN, or unset it to use the sandbox"
        )
    if isinstance(fault, discord.PrivilegedIntentsRequired):
        return (
            "Discord refused the Message Content intent: turn it on in the Developer Portal "
            "(Bot > Privileged Gateway Intents), or set discord.read_halt_messages = false in "
            "config.toml"
        )
    return None
