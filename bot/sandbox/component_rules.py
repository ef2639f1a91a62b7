"""Discord's rules for message components and modals.

Each check raises a 50035 that points at the offending field; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.components import SELECTS, Kind, walk
from bot.sandbox.errors import ApiError, invalid_form
from bot.sandbox.wire import Json

MAX_COMPONENTS = 40
MAX_TEXT = 4000
_V2_TOP = frozenset(
    {
        Kind.ACTION_ROW,
        Kind.SECTION,
        Kind.TEXT_DISPLAY,
        Kind.MEDIA_GALLERY,
        Kind.FILE,
        Kind.SEPARATOR,
        Kind.CONTAINER,
    }
)
_IN_MODAL = frozenset({Kind.ACTION_ROW, Kind.TEXT_DISPLAY, Kind.LABEL})
_LINK, _PREMIUM = 5, 6


def _bad_length(path: str, low: int, high: int) -> ApiError:
    message = f"Must be between {low} and {high} in length."
    return invalid_form(path, "BASE_TYPE_BAD_LENGTH", message)


def _between(path: str, value: Sequence[object] | None, low: int, high: int) -> None:
    if not low <= len(value or ()) <= high:
        raise _bad_length(path, low, high)


def check_components(components: Sequence[Json], *, v2: bool) -> None:
    """Check the components of a message.

    Parameters
    ----------
    components : sequence of dict
    v2 : bool
        Whether the message carries the Components V2 flag.

    Raises
    ------
    ApiError
        50035 naming the first component that Discord would refuse.
    """
    if not v2 and len(components) > 5:
        raise _bad_length("components", 1, 5)
    allowed = _V2_TOP if v2 else frozenset({Kind.ACTION_ROW})
    for index, component in enumerate(components):
        if component.get("type") not in allowed:
            raise _wrong_kind(f"components.{index}.type", allowed)
    nodes = list(walk(components))
    if len(nodes) > MAX_COMPONENTS:
        raise invalid_form(
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The total number of components cannot exceed {MAX_COMPONENTS}",
        )
    _check_unique(nodes)
    for path, component in nodes:
        _check_one(path, component)
    _check_total_text(nodes)


def _wrong_kind(path: str, allowed: frozenset[Kind]) -> ApiError:
    values = ", ".join(str(int(kind)) for kind in sorted(allowed))
    return invalid_form(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{values}}}.")


def _check_unique(nodes: Sequence[tuple[str, Json]]) -> None:
    for field, code in (
        ("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ("id", "COMPONENT_ID_DUPLICATED"),
    ):
        seen: set[object] = set()
        for path, component in nodes:
            value = component.get(field)
            if value and value in seen:
                raise invalid_form(f"{path}.{field}", code, f"Component {field} duplicated")
            seen.add(value)


def _check_total_text(nodes: Sequence[tuple[str, Json]]) -> None:
    texts = (c["content"] for _, c in nodes if c["type"] == Kind.TEXT_DISPLAY)
    if sum(map(len, texts)) > MAX_TEXT:
        raise invalid_form(
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"Displayable text size exceeds maximum size of {MAX_TEXT}",
        )


def _check_one(path: str, component: Json) -> None:
    kind = component.get("type")
    if kind == Kind.BUTTON:
        _check_button(path, component)
    elif kind in SELECTS:
        _check_select(path, component)
    elif kind == Kind.ACTION_ROW:
        _check_row(path, component)
    elif kind == Kind.SECTION:
        _between(f"{path}.components", component.get("components"), 1, 3)
        if not component.get("accessory"):
            raise invalid_form(f"{path}.accessory", "BASE_TYPE_REQUIRED", "Required.")
    elif kind == Kind.TEXT_DISPLAY:
        _between(f"{path}.content", component.get("content"), 1, MAX_TEXT)
    elif kind == Kind.MEDIA_GALLERY:
        _between(f"{path}.items", component.get("items"), 1, 10)
    elif kind == Kind.CONTAINER:
        _check_container(path, component)


def _check_container(path: str, component: Json) -> None:
    _between(f"{path}.components", component.get("components"), 1, MAX_COMPONENTS)
    allowed = _V2_TOP - {Kind.CONTAINER}
    for index, child in enumerate(component["components"]):
        if child.get("type") not in allowed:
            raise _wrong_kind(f"{path}.components.{index}.type", allowed)


def _check_row(path: str, row: Json) -> None:
    children = row.get("components") or []
    _between(f"{path}.components", children, 1, 5)
    selects = [child for child in children if child.get("type") in SELECTS]
    if selects and len(children) > 1:
        raise invalid_form(
            f"{path}.components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )


def _check_button(path: str, button: Json) -> None:
    style = button.get("style")
    if style not in range(1, 7):
        message = "Value must be one of {1, 2, 3, 4, 5, 6}."
        raise invalid_form(f"{path}.style", "BASE_TYPE_CHOICES", message)
    if style == _LINK:
        if not button.get("url") or button.get("custom_id"):
            message = "A url is required, and no custom id"
            raise invalid_form(f"{path}.url", "BUTTON_COMPONENT_INVALID", message)
    elif style != _PREMIUM:
        _check_custom_id(path, button)
    if len(button.get("label") or "") > 80:
        raise _bad_length(f"{path}.label", 1, 80)
    if style != _PREMIUM and not (button.get("label") or button.get("emoji")):
        message = "A button needs a label or an emoji"
        raise invalid_form(f"{path}.label", "BUTTON_COMPONENT_INVALID_LABEL", message)


def _check_custom_id(path: str, component: Json) -> None:
    if not component.get("custom_id"):
        message = "A custom id is required"
        raise invalid_form(f"{path}.custom_id", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", message)
    _between(f"{path}.custom_id", component["custom_id"], 1, 100)


def _check_select(path: str, select: Json) -> None:
    _check_custom_id(path, select)
    if len(select.get("placeholder") or "") > 150:
        raise _bad_length(f"{path}.placeholder", 0, 150)
    if select["type"] != Kind.STRING_SELECT:
        return
    options = select.get("options") or []
    _between(f"{path}.options", options, 1, 25)
    seen: set[str] = set()
    for index, option in enumerate(options):
        here = f"{path}.options.{index}"
        _between(f"{here}.label", option.get("label"), 1, 100)
        _between(f"{here}.value", option.get("value"), 1, 100)
        if option["value"] in seen:
            message = "The specified option value is already used"
            raise invalid_form(
                f"{here}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message
            )
        seen.add(option["value"])


def check_modal(modal: Json) -> None:
    """Check a modal's body.

    Raises
    ------
    ApiError
        50035 naming the first field that Discord would refuse.
    """
    _between("data.title", modal.get("title"), 1, 45)
    _between("data.custom_id", modal.get("custom_id"), 1, 100)
    components = modal.get("components") or []
    _between("data.components", components, 1, 5)
    nodes = list(walk(components, "data.components"))
    _check_unique(nodes)
    for index, component in enumerate(components):
        if component.get("type") not in _IN_MODAL:
            raise _wrong_kind(f"data.components.{index}.type", _IN_MODAL)
    for path, component in nodes:
        _check_modal_part(path, component)


def _check_modal_part(path: str, component: Json) -> None:
    kind = component.get("type")
    if kind == Kind.LABEL:
        _between(f"{path}.label", component.get("label"), 1, 45)
        if len(component.get("description") or "") > 100:
            raise _bad_length(f"{path}.description", 0, 100)
        if not component.get("component"):
            raise invalid_form(f"{path}.component", "BASE_TYPE_REQUIRED", "Required.")
    elif kind == Kind.TEXT_INPUT:
        _check_custom_id(path, component)
        for field, high in (("placeholder", 100), ("value", 4000), ("label", 45)):
            if len(component.get(field) or "") > high:
                raise _bad_length(f"{path}.{field}", 0, high)
    elif kind in SELECTS:
        _check_select(path, component)
