"""Who may ask for what, over every command there is: a new one without a rule fails here."""

from __future__ import annotations

from typing import Any

import pytest
from discord import app_commands

from bot.access import rule_of
from engine.facade import Permission
from tests.kit.bot_cards import words
from tests.kit.bot_world import World

READ, HALT, DECIDE = Permission.READ, Permission.HALT, Permission.DECIDE

RULES: dict[str, tuple[Permission, dict[str, Any]]] = {
    "approve": (DECIDE, {"proposal": "P-NONE"}),
    "audit": (READ, {}),
    "costs": (READ, {}),
    "breakdown": (READ, {"of": "BTC-USD"}),
    "breaker note": (DECIDE, {"text": "too many entries after losses"}),
    "breaker reset": (DECIDE, {"name": "daily_loss", "reason": "looked into it"}),
    "calibration": (READ, {}),
    "cancel": (DECIDE, {"order": "none"}),
    "chart": (READ, {"of": "BTC-USD"}),
    "close": (DECIDE, {"position": "P-NONE"}),
    "flatten": (DECIDE, {}),
    "golive": (DECIDE, {}),
    "given note": (DECIDE, {"amount_usd": 1.0, "reason": "to the poor"}),
    "goal": (READ, {}),
    "halt": (HALT, {}),
    "help": (READ, {}),
    "ledger classify": (
        DECIDE,
        {"kind": "kraken:gift", "meaning": "ordinary", "reason": "asked the venue"},
    ),
    "orders": (READ, {}),
    "performance": (READ, {}),
    "portfolio": (READ, {}),
    "positions": (READ, {}),
    "profit": (READ, {}),
    "proposals": (READ, {}),
    "purification": (READ, {}),
    "propose": (DECIDE, {"instrument": "BTC-USD"}),
    "reject": (DECIDE, {"proposal": "P-NONE", "reason": "no edge"}),
    "resume": (DECIDE, {"reason": "all is well"}),
    "review": (READ, {}),
    "risk": (READ, {}),
    "scan": (READ, {}),
    "scouts": (READ, {}),
    "setup": (DECIDE, {}),
    "signal add": (
        DECIDE,
        {"who": "layla", "instrument": "BTC-USD", "side": "long", "horizon": "3d"},
    ),
    "signal list": (READ, {}),
    "signal sources": (READ, {}),
    "status": (READ, {}),
    "trades": (READ, {}),
    "verify": (READ, {}),
    "sharia": (READ, {}),
    "zakat": (READ, {}),
}


def _commands(house: World) -> list[app_commands.Command[Any, ..., Any]]:
    found = house.bot.tree.walk_commands()
    return [each for each in found if isinstance(each, app_commands.Command)]


async def test_every_command_has_exactly_the_rule_listed_here(house: World) -> None:
    rules = {command.qualified_name: rule_of(command) for command in _commands(house)}
    assert rules == {name: rule for name, (rule, _) in RULES.items()}


async def test_every_command_and_option_is_described(house: World) -> None:
    for command in _commands(house):
        assert command.description not in ("", "…")
        assert all(each.description not in ("", "…") for each in command.parameters), command.name


async def test_stranger_is_refused_everything_and_it_is_journaled(house: World) -> None:
    for name, (_, options) in RULES.items():
        seq = house.bot.desk.status().journal_seq
        answer = await house.stranger.slash(house.lobby, name, **options)
        assert answer.ephemeral, name
        assert "its owner" in words(answer.response.components), name
        newest = (await house.bot.desk.audit(1))[0]
        assert (newest.seq, newest.kind) == (seq + 1, "access_refused"), name
        assert f"/{name}" in newest.sentence


async def test_overseer_is_refused_every_decision_and_it_is_journaled(house: World) -> None:
    for name, (rule, options) in RULES.items():
        if rule is not DECIDE:
            continue
        answer = await house.overseer.slash(house.lobby, name, **options)
        assert "Only the owner" in words(answer.response.components), name
        assert (await house.bot.desk.audit(1))[0].kind == "access_refused", name


@pytest.mark.parametrize("who", ["owner", "overseer"])
async def test_owner_and_overseer_may_read_everything(house: World, who: str) -> None:
    for name, (rule, options) in RULES.items():
        if rule is not READ:
            continue
        answer = await getattr(house, who).slash(house.lobby, name, **options)
        said = words(answer.response.components)
        assert said, name
        assert "Only the owner" not in said, name
        assert "failed on our side" not in said, name


async def test_overseer_may_halt_but_not_resume(house: World) -> None:
    await house.overseer.slash(house.lobby, "halt", reason="odd prices")
    assert house.bot.desk.status().state == "halted"
    await house.overseer.slash(house.lobby, "resume", reason="all is well")
    assert house.bot.desk.status().state == "halted"


async def test_stranger_gets_no_choices_while_typing(house: World) -> None:
    assert await house.stranger.autocomplete(house.lobby, "scan", "instrument", "") == []
    assert await house.owner.autocomplete(house.lobby, "scan", "instrument", "btc")


async def test_command_without_a_rule_is_nobodys(house: World) -> None:
    @app_commands.command(name="scan", description="undeclared")
    async def undeclared(interaction: Any) -> None:
        await interaction.response.send_message("must not run")

    house.bot.tree.remove_command("scan", guild=house.bot.home())
    house.bot.tree.add_command(undeclared, guild=house.bot.home())
    answer = await house.owner.slash(house.lobby, "scan")
    assert answer.response.content == ""
    assert "Nothing was done" in words(answer.response.components)
