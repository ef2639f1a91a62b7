// The options of one command as chips: names, values, choices and the bot's live suggestions.

import { Refusal } from "./api.js";
import { bounds, fixedChoices, kindName, problem } from "./commands.js";
import { freshId, h } from "./dom.js";

const DEBOUNCE_MS = 180;

/** One option: a label and a text box. */
class Chip {
  constructor(option, row) {
    this.option = option;
    this.value = null;
    this.note = h("span", { id: freshId("note"), class: "chip-error", role: "alert" });
    this.input = h("input", {
      id: freshId("chip"), class: "chip-input", autocomplete: "off", spellcheck: "false", role: "combobox", "aria-expanded": "false",
      "aria-autocomplete": "list", "aria-required": String(Boolean(option.required)), "aria-describedby": this.note.id,
      inputmode: option.type === 4 ? "numeric" : option.type === 10 ? "decimal" : null,
      "data-testid": `option-${option.name}`,
    });
    this.element = h("span", { class: "chip", "data-option": option.name },
      h("label", { for: this.input.id }, option.name, option.required ? h("span", { class: "required", title: "required" }, "*") : null), this.input, this.note);
    this.input.addEventListener("focus", () => row.entered(this));
    this.input.addEventListener("blur", () => row.left(this));
    this.input.addEventListener("input", () => { this.value = null; this.fit(); this.mark(""); row.changed(this); });
    this.input.addEventListener("keydown", (event) => row.key(event, this));
    this.fit();
  }

  fit() { this.input.style.width = `${Math.max(4, this.input.value.length + 1)}ch`; }

  choose(name, value) {
    this.input.value = name;
    this.value = value;
    this.fit();
    this.mark("");
  }

  given() { return this.value ?? this.input.value.trim(); }

  mark(error) {
    this.note.textContent = error;
    this.element.classList.toggle("is-wrong", Boolean(error));
    this.input.setAttribute("aria-invalid", String(Boolean(error)));
    return error;
  }

  check() { return this.mark(problem(this.option, this.value, this.input.value.trim())); }
}

export class OptionRow {
  #chips = [];
  #timer = 0;
  #turn = 0;
  #closed = false;

  constructor(command, popup, actions, values) {
    this.command = command;
    this.popup = popup;
    this.actions = actions;
    this.chips = h("span", { class: "chips" });
    this.more = h("span", { class: "more-options" });
    this.name = h("button", { type: "button", class: "command-name", title: "Remove the command", "data-testid": "command-name", onclick: () => actions.leave() }, `/${command.name}`);
    this.name.addEventListener("keydown", (event) => this.#nameKey(event));
    this.element = h("div", { class: "command-line", role: "group", "aria-label": `Options of /${command.name}` }, this.name, this.chips, this.more);
    for (const option of command.options) {
      if (option.required || values[option.name] !== undefined) this.#add(option, values[option.name]);
    }
    this.#paintMore();
  }

  focus() { (this.#chips.find((chip) => !chip.input.value)?.input ?? this.#chips.at(-1)?.input ?? this.name).focus(); }

  close() { this.#closed = true; clearTimeout(this.#timer); this.popup.hide(); }

  values() {
    return Object.fromEntries(this.#chips.map((chip) => [chip.option.name, chip.given()]).filter(([, value]) => value !== ""));
  }

  /** Mark what is wrong; gives the first problem, or nothing. */
  check() {
    const wrong = this.#chips.filter((chip) => chip.check());
    wrong[0]?.input.focus();
    return wrong.length > 0 ? `${wrong[0].option.name}: ${wrong[0].note.textContent}` : "";
  }

  #add(option, value) {
    const chip = new Chip(option, this);
    if (value !== undefined) {
      const choice = fixedChoices(option, this.actions.entities())?.find((each) => each.value === value);
      chip.choose(choice?.name ?? String(value), choice ? value : null);
    }
    this.#chips.push(chip);
    this.chips.append(chip.element);
    return chip;
  }

  #left() {
    const used = new Set(this.#chips.map((chip) => chip.option.name));
    return this.command.options.filter((option) => !used.has(option.name));
  }

  #paintMore() {
    this.more.replaceChildren(...this.#left().map((option) => h("button", {
      type: "button", class: "ghost-chip", title: option.description, "data-testid": `add-${option.name}`,
      onclick: () => { const chip = this.#add(option); this.#paintMore(); chip.input.focus(); },
    }, `+ ${option.name}`)));
  }

  entered(chip) { this.#suggest(chip, true); }

  left(chip) {
    if (this.#closed) return;
    this.popup.hide();
    if (chip.input.value) chip.check();
  }

  changed(chip) { this.#suggest(chip, false); }

  #describe(option) {
    return [option.description, option.required ? "required" : "optional", bounds(option)].filter(Boolean).join(" · ");
  }

  #suggest(chip, now) {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    const fixed = fixedChoices(chip.option, this.actions.entities());
    const title = `${chip.option.name}: ${this.#describe(chip.option)}`;
    if (fixed) {
      const typed = chip.value === null ? chip.input.value.trim().toLowerCase() : "";
      this.#offer(chip, title, fixed.filter((each) => each.name.toLowerCase().includes(typed)), "Nothing fits.");
    } else if (chip.option.autocomplete) {
      this.popup.show(`${title} · asking the bot…`, [], chip.input);
      this.#timer = setTimeout(() => this.#ask(chip, title, turn), now ? 0 : DEBOUNCE_MS);
    } else this.popup.show(`${title} · ${kindName(chip.option)}`, [], chip.input);
  }

  async #ask(chip, title, turn) {
    const given = this.values();
    given[chip.option.name] = chip.input.value;
    let outcome;
    try {
      outcome = await this.actions.complete(given, chip.option.name);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (turn === this.#turn && !this.#closed) this.popup.show(error.message, [], chip.input);
      return;
    }
    if (turn !== this.#turn || this.#closed) return;
    if (outcome.kind === "failed") this.popup.show("Loading options failed. Keep typing, or try again.", [], chip.input);
    else this.#offer(chip, title, outcome.choices, "No options match your search.");
  }

  #offer(chip, title, choices, none) {
    const rows = choices.map((choice) => ({
      key: String(choice.value), testid: "choice", cells: h("span", { class: "popup-name" }, choice.name),
      choose: () => { chip.choose(choice.name, choice.value); this.#next(chip); },
    }));
    this.popup.show(rows.length ? title : `${title} · ${none}`, rows, chip.input);
  }

  #next(chip) {
    this.popup.hide();
    const next = this.#chips.slice(this.#chips.indexOf(chip) + 1).find((each) => !each.input.value);
    if (next) next.input.focus();
  }

  #nameKey(event) {
    if (event.key === "Enter") { event.preventDefault(); this.actions.submit(); }
    if (event.key === "Backspace" || event.key === "Escape") { event.preventDefault(); this.actions.leave(); }
  }

  key(event, chip) {
    if (event.isComposing || this.popup.key(event)) return;
    const offered = this.popup.open && this.popup.active;
    if (event.key === "Enter") {
      event.preventDefault();
      if (offered && chip.value === null && (chip.input.value || chip.option.required)) offered.choose();
      else this.actions.submit();
    } else if (event.key === "Tab" && !event.shiftKey && offered && chip.value === null && chip.input.value) {
      event.preventDefault();
      offered.choose();
    } else if (event.key === "Escape") {
      if (this.popup.open) this.popup.hide();
      else this.actions.leave();
    } else if (event.key === "Backspace" && !chip.input.value) {
      event.preventDefault();
      this.#drop(chip);
    }
  }

  #drop(chip) {
    const at = this.#chips.indexOf(chip);
    if (chip.option.required) {
      if (at === 0) this.actions.leave();
      else this.#chips[at - 1].input.focus();
      return;
    }
    this.#chips.splice(at, 1);
    chip.element.remove();
    this.#paintMore();
    (this.#chips[Math.max(0, at - 1)]?.input ?? this.name).focus();
  }
}
