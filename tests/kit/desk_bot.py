"""A small discord.py bot with one of everything, for tests of the sandbox. It trades nothing."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any, Self

import discord
from discord import app_commands, ui

from bot.sandbox import SandboxServer
from bot.sandbox.files import plain_png

PICTURE = plain_png(0x45B88C, 48)


class Decide(ui.DynamicItem[ui.Button[Any]], template=r"decide:(?P<verb>[a-z]+):(?P<card>\d+)"):
    """A button that outlives the process that posted it."""

    def __init__(self, verb: str, card: str) -> None:
        self.verb, self.card = verb, card
        button: ui.Button[Any] = ui.Button(
            label=verb.title(),
            style=discord.ButtonStyle.green,
            custom_id=f"decide:{verb}:{card}",
        )
        super().__init__(button)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(match["verb"], match["card"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if self.verb == "approve":
            who = interaction.user.display_name
            await interaction.response.edit_message(view=Done(f"card {self.card} by {who}"))
            await interaction.followup.send("journaled", ephemeral=True)
        elif self.verb == "reject":
            await interaction.response.send_modal(Reason(custom_id="reason"))
        elif self.verb == "foreign":
            await interaction.response.send_message("Only the owner may.", ephemeral=True)
        # "silent" does not answer at all


class Reason(ui.Modal, title="Why not?"):
    kind: ui.Label[Any] = ui.Label(
        text="Kind",
        component=ui.Select(
            custom_id="kind",
            options=[discord.SelectOption(label="Too large", value="size")],
        ),
    )
    why: ui.Label[Any] = ui.Label(
        text="Reason", component=ui.TextInput(custom_id="why", min_length=3, max_length=50)
    )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        why, kind = self.why.component, self.kind.component
        assert isinstance(why, ui.TextInput)
        assert isinstance(kind, ui.Select)
        await interaction.response.send_message(f"because {why.value} ({kind.values[0]})")


class Timeframe(ui.Select[Any]):
    def __init__(self) -> None:
        options = [discord.SelectOption(label=each) for each in ("1h", "4h")]
        super().__init__(custom_id="timeframe", options=options, placeholder="Timeframe")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(f"chart {self.values[0]}", ephemeral=True)


class Card(ui.LayoutView):
    def __init__(self, card: str) -> None:
        super().__init__(timeout=None)
        box: ui.Container[Any] = ui.Container(accent_colour=0xD6B25E)
        side: ui.Thumbnail[Any] = ui.Thumbnail("attachment://chart.png", description="small")
        box.add_item(ui.Section(ui.TextDisplay(f"## Proposal {card}"), accessory=side))
        box.add_item(ui.Separator())
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://chart.png")))
        verbs = ("approve", "reject", "silent", "foreign")
        row: ui.ActionRow[Any] = ui.ActionRow(*(Decide(verb, card) for verb in verbs))
        box.add_item(row)
        box.add_item(ui.ActionRow(Timeframe()))
        self.add_item(box)

    @staticmethod
    def file() -> discord.File:
        return discord.File(io.BytesIO(PICTURE), "chart.png")


class Done(ui.LayoutView):
    def __init__(self, text: str) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(ui.TextDisplay(text)))


class DeskBot(discord.Client):
    """Knows one of each: slash, subcommand, autocomplete, defer, modal, buttons, select."""

    def __init__(self, server: SandboxServer) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        intents.members = True
        super().__init__(intents=intents, guild_ready_timeout=0.1)
        self.server = server
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []
        self.resumed = asyncio.Event()
        self._declare()

    def _declare(self) -> None:
        @self.tree.command(description="Look at one market")
        @app_commands.describe(market="Which", bars="How many bars")
        async def scan(
            interaction: discord.Interaction[Any],
            market: str,
            bars: app_commands.Range[int, 10, 500] = 100,
            quiet: bool = False,
        ) -> None:
            await interaction.response.send_message(f"{market} {bars} {quiet}", ephemeral=quiet)

        @scan.autocomplete("market")
        async def markets(
            interaction: discord.Interaction[Any], current: str
        ) -> list[app_commands.Choice[str]]:
            known = {"BTC/USD": "bitcoin", "PAXG/USD": "gold"}
            return [
                app_commands.Choice(name=f"{key} {word}", value=key)
                for key, word in known.items()
                if current.lower() in f"{key} {word}".lower()
            ]

        @self.tree.command(description="Takes its time")
        async def report(interaction: discord.Interaction[Any]) -> None:
            await interaction.response.defer(thinking=True, ephemeral=True)
            file = discord.File(io.BytesIO(b"a,b\n1,2\n"), "report.csv")
            await interaction.edit_original_response(content="done", attachments=[file])

        schedule = app_commands.Group(name="schedule", description="The jobs")

        @schedule.command(description="Show the jobs")
        async def show(interaction: discord.Interaction[Any], who: discord.Member) -> None:
            await interaction.response.send_message(f"jobs of {who.display_name}")

        self.tree.add_command(schedule)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Decide)
        self.add_view(Card("0"))
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            self.heard.append(message.content)

    async def on_resumed(self) -> None:
        self.resumed.set()

    @property
    def general(self) -> discord.TextChannel:
        channel = self.get_channel(int(self.server.general_id))
        assert isinstance(channel, discord.TextChannel)
        return channel
