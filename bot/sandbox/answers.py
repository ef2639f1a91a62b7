"""What the bot's answer to an interaction does: callbacks and follow-ups.

It applies Discord's rules of which answer fits which interaction, and who alone sees it. Finding
the interaction, and its deadlines, belong to ``interactions``.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import Any

from bot.sandbox.command_rules import check_choices
from bot.sandbox.component_rules import check_modal
from bot.sandbox.components import number
from bot.sandbox.drafts import public_shape
from bot.sandbox.errors import api_error, invalid_form
from bot.sandbox.guild import Guild
from bot.sandbox.interactions import Interaction, InteractionKind, Interactions, Outcome
from bot.sandbox.messages import Messages
from bot.sandbox.validation import EPHEMERAL, LOADING, as_object
from bot.sandbox.wire import Form, Json


class Callback(IntEnum):
    """Discord's interaction callback types."""

    MESSAGE = 4
    THINKING = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


_FITS: dict[InteractionKind, frozenset[Callback]] = {
    InteractionKind.COMMAND: frozenset({Callback.MESSAGE, Callback.THINKING, Callback.MODAL}),
    InteractionKind.COMPONENT: frozenset(Callback) - {Callback.CHOICES},
    InteractionKind.AUTOCOMPLETE: frozenset({Callback.CHOICES}),
    InteractionKind.MODAL_SUBMIT: frozenset(
        {Callback.MESSAGE, Callback.THINKING, Callback.DEFERRED_UPDATE, Callback.UPDATE}
    ),
}


class Answers:
    """Applies answers.

    Parameters
    ----------
    guild : Guild
    messages : Messages
    interactions : Interactions
    """

    def __init__(self, guild: Guild, messages: Messages, interactions: Interactions) -> None:
        self._guild = guild
        self._messages = messages
        self._interactions = interactions

    def first(self, interaction: Interaction, form: Form) -> Json:
        """Apply the first answer and return the callback response.

        Raises
        ------
        ApiError
            50035 if the answer does not fit the interaction or its body is wrong.
        """
        body = as_object(form.body)
        kind = self._fitting(interaction, body.get("type"))
        data = Form(as_object(body.get("data")), form.files)
        outcome = self._apply(kind, interaction, data)
        interaction.answer_id = outcome.message_id
        self._interactions.settle(interaction, outcome)
        return self._response(kind, interaction)

    def follow_up(self, interaction: Interaction, form: Form) -> Json:
        """Post a follow-up; the first one after "thinking" becomes the answer itself."""
        if interaction.loading:
            return self.edit(interaction, "@original", form)
        return self._post(interaction, form, reply=True)

    def message(self, interaction: Interaction, message_id: str) -> Json:
        """Return a message that this interaction may touch, or raise 10008."""
        wanted = interaction.answer_id if message_id == "@original" else message_id
        message = self._messages.get(wanted or "")
        if message.get("webhook_id") != self._guild.bot_id and wanted != interaction.answer_id:
            raise api_error(10008)
        return message

    def edit(self, interaction: Interaction, message_id: str, form: Form) -> Json:
        """Edit an answer; the edit of a "thinking" one finishes it."""
        message = self.message(interaction, message_id)
        finished = interaction.loading and message["id"] == interaction.answer_id
        changed = self._messages.edit(message, form, finished=finished)
        if finished:
            interaction.loading = False
        return changed

    def delete(self, interaction: Interaction, message_id: str) -> None:
        """Delete an answer."""
        message = self.message(interaction, message_id)
        self._messages.delete(message)
        if message["id"] == interaction.answer_id:
            interaction.loading = False

    # ---- inside --------------------------------------------------------------------------

    def _fitting(self, interaction: Interaction, value: Any) -> Callback:
        fits = _FITS[interaction.kind]
        if interaction.source is None:
            fits = fits - {Callback.DEFERRED_UPDATE, Callback.UPDATE}
        if value not in fits:
            names = ", ".join(str(int(each)) for each in sorted(fits))
            raise invalid_form("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{names}}}.")
        return Callback(value)

    def _apply(self, kind: Callback, interaction: Interaction, data: Form) -> Outcome:
        plain = Outcome(interaction.id, "deferred")
        source = interaction.source
        if kind == Callback.MODAL:
            check_modal(data.body)
            number(data.body["components"])
            return replace(plain, kind="modal", modal=data.body)
        if kind == Callback.CHOICES:
            choices = data.body.get("choices") or []
            check_choices(choices, "data.choices")
            return replace(plain, kind="choices", choices=tuple(choices))
        if kind == Callback.MESSAGE:
            message = self._post(interaction, data)
            return replace(plain, kind="message", message_id=message["id"])
        if kind == Callback.THINKING:
            message = self._think(interaction, data.body)
            return replace(plain, kind="thinking", message_id=message["id"])
        if source is None:
            raise api_error(10008)
        if kind == Callback.UPDATE:
            message = self._messages.get(source["id"])
            self._messages.edit(message, data)
            return replace(plain, kind="updated", message_id=source["id"])
        return replace(plain, message_id=source["id"])

    def _think(self, interaction: Interaction, body: Json) -> Json:
        flags = (int(body.get("flags") or 0) & EPHEMERAL) | LOADING
        message = self._post(interaction, Form({"flags": flags}))
        interaction.loading = True
        interaction.ephemeral = bool(flags & EPHEMERAL)
        return message

    def _post(self, interaction: Interaction, form: Form, *, reply: bool = False) -> Json:
        extra: Json = {"webhook_id": self._guild.bot_id, "application_id": self._guild.bot_id}
        if reply and interaction.answer_id is not None:
            extra["message_reference"] = {
                "type": 0,
                "message_id": interaction.answer_id,
                "channel_id": interaction.channel_id,
                "guild_id": self._guild.id,
            }
        else:
            extra["interaction_metadata"] = self._metadata(interaction)
            if interaction.command_name is not None:
                extra["type"] = 20
                extra["interaction"] = {
                    "id": interaction.id,
                    "type": 2,
                    "name": interaction.command_name,
                    "user": self._guild.user(interaction.user_id),
                }
        return self._messages.create(
            interaction.channel_id,
            self._guild.bot,
            form,
            ephemeral_to=interaction.user_id,
            **extra,
        )

    def _metadata(self, interaction: Interaction) -> Json:
        metadata: Json = {
            "id": interaction.id,
            "type": int(interaction.kind),
            "user": self._guild.user(interaction.user_id),
            "authorizing_integration_owners": {"0": self._guild.id},
        }
        if interaction.kind == InteractionKind.COMPONENT and interaction.source is not None:
            metadata["interacted_message_id"] = interaction.source["id"]
        if interaction.kind == InteractionKind.MODAL_SUBMIT:
            kind = InteractionKind.COMPONENT if interaction.source else InteractionKind.COMMAND
            metadata["triggering_interaction_metadata"] = {
                **metadata,
                "type": int(kind),
                **(
                    {"interacted_message_id": interaction.source["id"]}
                    if interaction.source
                    else {}
                ),
            }
        return metadata

    def _response(self, kind: Callback, interaction: Interaction) -> Json:
        about: Json = {"id": interaction.id, "type": int(interaction.kind)}
        response: Json = {"interaction": about}
        if interaction.answer_id is None:
            return response
        message = self._messages.get(interaction.answer_id)
        about["response_message_id"] = message["id"]
        about["response_message_loading"] = interaction.loading
        about["response_message_ephemeral"] = bool(message["flags"] & EPHEMERAL)
        if kind in (Callback.MESSAGE, Callback.THINKING, Callback.UPDATE):
            response["resource"] = {"type": int(kind), "message": public_shape(message)}
        return response
