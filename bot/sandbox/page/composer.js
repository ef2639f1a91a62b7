// The box at the bottom: plain messages, the command picker, and a command's options.

import { Refusal } from "./api.js";
import { matching, runnable } from "./commands.js";
import { freshId, h, icon } from "./dom.js";
import { OptionRow } from "./options.js";
import { Popup } from "./popup.js";

const narrow = matchMedia("(max-width: 760px)");

export class Composer {
  #commands = [];
  #command = null;
  #row = null;
  #channel = null;

  /** actions: say(text), run(name, values), complete(name, values, focused), entities() */
  constructor(root, actions) {
    this.actions = actions;
    this.popup = new Popup();
    this.error = h("p", { id: freshId("error"), class: "composer-error", role: "alert", "data-testid": "composer-error" });
    this.input = h("textarea", {
      class: "composer-input", rows: "1", maxlength: "4000", autocomplete: "off", role: "combobox", "aria-expanded": "false",
      "aria-autocomplete": "list", "aria-label": "Message", "data-testid": "composer-input", "aria-describedby": this.error.id,
    });
    this.send = h("button", { type: "button", class: "icon-button send", "aria-label": "Send", "data-testid": "send" }, icon("send"));
    this.slash = h("button", { type: "button", class: "icon-button slash", "aria-label": "Show commands", "data-testid": "slash-button" }, "/");
    this.body = h("div", { class: "composer-body" }, this.input);
    root.append(this.popup.element, this.error, h("div", { class: "composer-box" }, this.slash, this.body, this.send));
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.popup.hide());
    this.input.addEventListener("focus", () => this.#typed());
    this.send.addEventListener("click", () => this.submit());
    this.slash.addEventListener("click", () => this.openCommand(""));
  }

  /** Follow the channel shown. */
  setChannel(channel) {
    if (channel?.id !== this.#channel?.id) this.#clear();
    this.#channel = channel;
    const may = channel?.can_send;
    this.input.placeholder = !channel ? "" : may ? `Message #${channel.name}${narrow.matches ? "" : ", or / for commands"}` : "Only / commands here";
    this.input.setAttribute("aria-label", this.input.placeholder || "Message");
    for (const control of [this.input, this.send, this.slash]) control.disabled = !channel;
  }

  setCommands(commands) {
    this.#commands = runnable(commands);
    if (this.popup.open && !this.#command) this.#typed();
  }

  /** Begin a command by its full name, or the picker with part of one. */
  openCommand(name) {
    this.#leaveCommand();
    const exact = this.#commands.find((each) => each.name === name);
    if (exact) { this.#begin(exact); return; }
    this.input.value = `/${name}`;
    this.input.focus();
    this.#typed();
  }

  focus() { (this.#row ?? this.input).focus(); }

  async submit() {
    if (this.#command) await this.#run();
    else if (this.input.value.trim().startsWith("/")) this.popup.active?.choose();
    else if (this.input.value.trim()) await this.#say();
  }

  #fail(error) {
    if (!(error instanceof Refusal)) throw error;
    this.error.textContent = error.message;
  }

  async #say() {
    const text = this.input.value;
    this.#clear();
    try {
      await this.actions.say(text);
    } catch (error) {
      this.input.value = text;
      this.#fail(error);
    }
  }

  async #run() {
    this.error.textContent = this.#row.check();
    if (this.error.textContent) return;
    const command = this.#command;
    const values = this.#row.values();
    try {
      const accepted = this.actions.run(command.name, values);
      this.#clear();
      this.input.focus();
      await accepted;
    } catch (error) {
      this.#begin(command, values);
      this.#fail(error);
    }
  }

  #clear() {
    this.#leaveCommand();
    this.input.value = "";
    this.#fit();
    this.popup.hide();
    this.error.textContent = "";
  }

  #fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 180)}px`;
  }

  #typed() {
    this.#fit();
    this.error.textContent = "";
    const text = this.input.value;
    if (!text.startsWith("/") || text.includes("\n")) { this.popup.hide(); return; }
    const typed = text.slice(1);
    const exact = this.#commands.find((each) => typed === `${each.name} `);
    if (exact) { this.#begin(exact); return; }
    const found = matching(this.#commands, typed);
    const none = this.#commands.length ? `No command fits “/${typed}”.` : "The bot has offered no commands yet.";
    this.popup.show(found.length ? `Commands${typed.trim() ? ` matching /${typed.trim()}` : ""}` : none, found.map((each) => this.#commandRow(each)), this.input);
  }

  #commandRow(command) {
    const hints = command.options.map((option) => h("span", { class: option.required ? "hint is-required" : "hint" }, option.name));
    return {
      key: command.name, testid: "command-row", choose: () => this.#begin(command),
      cells: [h("span", { class: "popup-name" }, h("b", {}, `/${command.name}`), hints), h("span", { class: "popup-text" }, command.description)],
    };
  }

  #begin(command, values = {}) {
    this.#leaveCommand();
    this.#command = command;
    this.popup.hide();
    this.error.textContent = "";
    this.#row = new OptionRow(command, this.popup, {
      entities: this.actions.entities,
      complete: (given, focused) => this.actions.complete(command.name, given, focused),
      submit: () => this.submit(),
      leave: () => { this.#clear(); this.input.focus(); },
    }, values);
    this.body.replaceChildren(this.#row.element);
    this.#row.focus();
  }

  #leaveCommand() {
    if (!this.#command) return;
    this.#row.close();
    this.#command = null;
    this.#row = null;
    this.body.replaceChildren(this.input);
  }

  #key(event) {
    if (event.isComposing || this.popup.key(event)) return;
    if (event.key === "Escape") this.popup.hide();
    else if ((event.key === "Tab" && !event.shiftKey || event.key === "Enter") && this.popup.open && this.popup.active) {
      event.preventDefault();
      this.popup.active.choose();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }
}
