"""What a person does: says something, runs a command, clicks, picks, submits a form.

It checks what Discord's own client would check before it sends anything: whether the channel is
visible, the command offered, the button enabled, a value within its bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.commands import Commands, leaf
from bot.sandbox.components import SELECTS, Kind, find, walk
from bot.sandbox.errors import PersonError
from bot.sandbox.guild import Guild
from bot.sandbox.interactions import InteractionKind, Interactions, Outcome
from bot.sandbox.messages import Messages
from bot.sandbox.options import checked_value, resolved
from bot.sandbox.people import Person
from bot.sandbox.permissions import Permission
from bot.sandbox.wire import Form, Json


class Acting:
    """The hands of the people in the guild.

    Parameters
    ----------
    guild : Guild
    messages : Messages
    commands : Commands
    interactions : Interactions
    """

    def __init__(
        self, guild: Guild, messages: Messages, commands: Commands, interactions: Interactions
    ) -> None:
        self._guild = guild
        self._messages = messages
        self._commands = commands
        self._interactions = interactions
        # The modal each person has open, by its custom id: a form not shown cannot be submitted.
        self._open_modals: dict[tuple[str, str], tuple[Json, Json | None, str | None]] = {}

    def say(self, person: Person, channel_id: str, content: str) -> Json:
        """Post a plain message.

        Raises
        ------
        PersonError
            If the person may not write there.
        ApiError
            50006 or 50035 if the text is empty or too long.
        """
        self._look(person, channel_id)
        if not self._guild.allows(person.user_id, channel_id, Permission.SEND_MESSAGES):
            raise PersonError("You may not send messages in this channel.")
        author = self._guild.user(person.user_id)
        return self._messages.create(channel_id, author, Form({"content": content.strip()}))

    def offered(self, person: Person) -> list[Json]:
        """Return the commands this person may pick."""
        held = self._guild.permissions_of(person.user_id)
        return [
            each
            for each in self._commands.offered(self._guild.id)
            if held & int(each["default_member_permissions"] or 0)
            == int(each["default_member_permissions"] or 0)
        ]

    async def slash(
        self,
        person: Person,
        channel_id: str,
        command: str,
        options: Mapping[str, Any],
    ) -> Outcome:
        """Run a slash command.

        Parameters
        ----------
        command : str
            Its full name, for example ``"schedule show"``.
        options : mapping of str to value
            Values by option name; users, channels and roles by their id.

        Raises
        ------
        PersonError
            If there is no such command, or a value is missing or out of bounds.
        """
        self._look(person, channel_id)
        name, data = self._command_data(person, command, options, focused=None)
        outcome = await self._interactions.run(
            InteractionKind.COMMAND, person.user_id, channel_id, data, command_name=name
        )
        return self._opened(person, outcome, None, name)

    async def autocomplete(
        self,
        person: Person,
        channel_id: str,
        command: str,
        options: Mapping[str, Any],
        focused: str,
    ) -> Outcome:
        """Ask the bot for choices of the option being typed; ``options`` holds what is there."""
        self._look(person, channel_id)
        _, data = self._command_data(person, command, options, focused=focused)
        kind = InteractionKind.AUTOCOMPLETE
        return await self._interactions.run(kind, person.user_id, channel_id, data)

    async def component(
        self,
        person: Person,
        message_id: str,
        custom_id: str,
        values: Sequence[str] | None = None,
    ) -> Outcome:
        """Click a button, or choose ``values`` in a select.

        Raises
        ------
        PersonError
            If the message or component is not there for this person, or is disabled.
        ApiError
            10008 if the message is gone.
        """
        message = self._messages.get(message_id)
        self._look(person, message["channel_id"])
        target = find(message["components"], custom_id)
        if target is None or not self._messages.visible_to(message_id, person.user_id):
            raise PersonError("That control is no longer there.")
        if target.get("disabled"):
            raise PersonError("That control is disabled.")
        data: Json = {
            "custom_id": custom_id,
            "component_type": target["type"],
            "id": target["id"],
        }
        if target["type"] in SELECTS:
            data.update(self._chosen(target, list(values or ())))
        outcome = await self._interactions.run(
            InteractionKind.COMPONENT,
            person.user_id,
            message["channel_id"],
            data,
            source=message,
        )
        return self._opened(person, outcome, message, None)

    async def submit_modal(
        self, person: Person, channel_id: str, custom_id: str, values: Mapping[str, Any]
    ) -> Outcome:
        """Submit the form the bot last showed this person under ``custom_id``.

        Parameters
        ----------
        values : mapping of str to str or list of str
            By the custom id of each field; a list for a select.

        Raises
        ------
        PersonError
            If no such form is open, or a value is missing or out of bounds.
        """
        opened = self._open_modals.get((person.key, custom_id))
        if opened is None:
            raise PersonError("That form is no longer open.")
        modal, source, name = opened
        filled = [self._filled(each, values) for each in modal["components"]]
        data: Json = {"custom_id": custom_id, "components": filled}
        data["resolved"] = {}
        outcome = await self._interactions.run(
            InteractionKind.MODAL_SUBMIT,
            person.user_id,
            channel_id,
            data,
            source=source,
            command_name=name,
        )
        if outcome.kind != "failed":
            self._open_modals.pop((person.key, custom_id), None)
        return outcome

    # ---- inside --------------------------------------------------------------------------

    def _look(self, person: Person, channel_id: str) -> None:
        known = channel_id in self._guild.channels
        if not known or not self._guild.allows(
            person.user_id, channel_id, Permission.VIEW_CHANNEL
        ):
            raise PersonError("There is no such channel for you.")

    def _opened(
        self, person: Person, outcome: Outcome, source: Json | None, name: str | None
    ) -> Outcome:
        if outcome.modal is not None:
            key = (person.key, outcome.modal["custom_id"])
            self._open_modals[key] = (outcome.modal, source, name)
        return outcome

    def _command_data(
        self, person: Person, command: str, options: Mapping[str, Any], *, focused: str | None
    ) -> tuple[str, Json]:
        name, *path = command.split()
        found = next((c for c in self.offered(person) if c["name"] == name), None)
        if found is None:
            raise PersonError(f"There is no command /{name}.")
        try:
            node, passed = leaf(found, path)
        except KeyError:
            raise PersonError(f"/{command} is not a complete command.") from None
        given = self._given(node, options, focused)
        for level in reversed(passed):
            given = [{"name": level["name"], "type": level["type"], "options": given}]
        data: Json = {"id": found["id"], "name": name, "type": 1, "options": given}
        if "guild_id" in found:
            data["guild_id"] = found["guild_id"]
        data["resolved"] = resolved(self._guild, node, options)
        return command, data

    def _given(self, node: Json, options: Mapping[str, Any], focused: str | None) -> list[Json]:
        wanted = {each["name"]: each for each in node.get("options") or []}
        for name in options:
            if name not in wanted:
                raise PersonError(f"There is no option {name!r}.")
        given: list[Json] = []
        for name, option in wanted.items():
            if name == focused:
                text = str(options.get(name, ""))
                given.append(
                    {"name": name, "type": option["type"], "value": text, "focused": True}
                )
            elif options.get(name) not in (None, ""):
                value = options[name] if focused else checked_value(option, options[name])
                given.append({"name": name, "type": option["type"], "value": value})
            elif option.get("required") and focused is None:
                raise PersonError(f"{name}: this option is required.")
        return given

    def _chosen(self, select: Json, values: list[str]) -> Json:
        low = select.get("min_values", 1)
        high = select.get("max_values", 1)
        if not (1 if low is None else low) <= len(values) <= (1 if high is None else high):
            raise PersonError(f"Choose between {low} and {high}.")
        if select["type"] == Kind.STRING_SELECT:
            offered = {option["value"] for option in select["options"]}
            if not offered.issuperset(values):
                raise PersonError("That choice is not offered.")
        chosen: Json = {"values": values}
        if select["type"] == Kind.USER_SELECT:
            chosen["resolved"] = {
                "users": {uid: self._guild.user(uid) for uid in values},
                "members": {uid: self._guild.member(uid) for uid in values},
            }
        if select["type"] == Kind.CHANNEL_SELECT:
            chosen["resolved"] = {"channels": {cid: self._guild.channel(cid) for cid in values}}
        return chosen

    def _filled(self, component: Json, values: Mapping[str, Any]) -> Json:
        kind = component["type"]
        if kind == Kind.LABEL:
            inner = self._field(component["component"], component["label"], values)
            return {"type": int(kind), "id": component["id"], "component": inner}
        if kind == Kind.ACTION_ROW:
            inner_fields = [
                self._field(field, field.get("label") or "", values)
                for _, field in walk(component["components"])
            ]
            return {"type": int(kind), "id": component["id"], "components": inner_fields}
        return {"type": int(kind), "id": component["id"]}

    def _field(self, component: Json, label: str, values: Mapping[str, Any]) -> Json:
        custom_id = component["custom_id"]
        base: Json = {
            "type": component["type"],
            "id": component["id"],
            "custom_id": custom_id,
        }
        if component["type"] in SELECTS:
            chosen = [str(each) for each in values.get(custom_id) or []]
            if not chosen and component.get("required", True) is not False:
                raise PersonError(f"{label}: choose something.")
            return {**base, **(self._chosen(component, chosen) if chosen else {"values": []})}
        text = str(values.get(custom_id) or "")
        check_text(component, label, text)
        return {**base, "value": text}


def check_text(component: Json, label: str, text: str) -> None:
    """Check a text input's value.

    Raises
    ------
    PersonError
        If it is missing, too short or too long.
    """
    needed = component.get("required", True) is not False
    low = component.get("min_length") or 0
    high = component.get("max_length") or 4000
    if needed and not text:
        raise PersonError(f"{label}: this field is required.")
    if text and not low <= len(text) <= high:
        raise PersonError(f"{label}: must be {low} to {high} characters, was {len(text)}.")
