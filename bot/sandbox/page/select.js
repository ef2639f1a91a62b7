// A select with descriptions: one button, one listbox, usable by keyboard. Used in messages and forms.

import { freshId, h, icon } from "./dom.js";

/**
 * Make a select.
 * options: [{label, value, description, selected}]; onchoose gets the values when they are final.
 */
export function select({ options, placeholder, min = 1, max = 1, disabled, customId, label, onchoose }) {
  const chosen = new Set(options.filter((each) => each.default).map((each) => each.value));
  const listId = freshId("listbox");
  const text = h("span", { class: "select-text" });
  const button = h("button", {
    type: "button", class: "select-button", disabled, "aria-haspopup": "listbox", "aria-expanded": "false",
    "aria-controls": listId, "aria-label": label ?? placeholder ?? "Select", "data-custom-id": customId, "data-testid": "select",
  }, text, icon("chevron"));
  const list = h("ul", {
    id: listId, class: "select-list", role: "listbox", tabindex: "-1", hidden: true,
    "aria-label": label ?? placeholder ?? "Options", "aria-multiselectable": max > 1 ? "true" : null,
  });
  const root = h("div", { class: "select" }, button, list);
  let active = 0;
  let before = "";

  const items = options.map((option, index) => {
    const item = h("li", {
      id: freshId("option"), role: "option", class: "select-option", "data-value": option.value,
      "data-testid": "select-option", "aria-selected": "false", onclick: () => pick(index),
      onmousemove: () => highlight(index),
    },
    h("span", { class: "select-check", "aria-hidden": "true" }),
    h("span", { class: "select-option-text" },
      h("span", {}, option.emoji?.name && !option.emoji.id ? `${option.emoji.name} ` : "", option.label),
      option.description ? h("small", {}, option.description) : null));
    list.append(item);
    return item;
  });

  function paint() {
    const names = options.filter((each) => chosen.has(each.value)).map((each) => each.label);
    text.textContent = names.join(", ") || placeholder || "Make a selection";
    text.classList.toggle("is-placeholder", names.length === 0);
    items.forEach((item, index) => item.setAttribute("aria-selected", String(chosen.has(options[index].value))));
  }

  function highlight(index) {
    active = (index + items.length) % items.length;
    items.forEach((item, at) => item.classList.toggle("is-active", at === active));
    list.setAttribute("aria-activedescendant", items[active].id);
  }

  function place() {
    const box = button.getBoundingClientRect();
    list.classList.toggle("opens-up", innerHeight - box.bottom < 240 && box.top > 260);
  }

  function open() {
    before = [...chosen].join("\n");
    list.hidden = false;
    place();
    button.setAttribute("aria-expanded", "true");
    highlight(Math.max(0, options.findIndex((each) => chosen.has(each.value))));
    list.focus();
    items[active].scrollIntoView({ block: "nearest" });
    document.addEventListener("pointerdown", outside);
  }

  function close(back = true) {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (back) button.focus();
    const now = [...chosen].join("\n");
    if (max > 1 && now !== before && chosen.size >= min) onchoose?.([...chosen]);
  }

  function outside(event) {
    if (!root.contains(event.target)) close(false);
  }

  function pick(index) {
    const { value } = options[index];
    if (max > 1) {
      if (chosen.has(value)) chosen.delete(value);
      else if (chosen.size < max) chosen.add(value);
      paint();
      return;
    }
    const again = min === 0 && chosen.has(value);
    chosen.clear();
    if (!again) chosen.add(value);
    paint();
    close();
    onchoose?.([...chosen]);
  }

  button.addEventListener("click", () => (list.hidden ? open() : close()));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); open(); }
  });
  list.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: () => highlight(active + 1), ArrowUp: () => highlight(active - 1), Home: () => highlight(0),
      End: () => highlight(items.length - 1), Enter: () => pick(active), " ": () => pick(active), Escape: () => close() };
    if (event.key === "Tab") { close(false); return; }
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
    items[active].scrollIntoView({ block: "nearest" });
  });
  paint();
  return { element: root, button, values: () => [...chosen] };
}
