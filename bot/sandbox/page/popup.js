// The list above the composer: commands or choices, moved through by keyboard from the text box.

import { freshId, h } from "./dom.js";

export class Popup {
  #items = [];
  #active = 0;

  constructor() {
    this.id = freshId("popup");
    this.title = h("p", { class: "popup-title" });
    this.list = h("ul", { id: this.id, role: "listbox", class: "popup-list" });
    this.element = h("div", { class: "popup", "data-testid": "popup", hidden: true }, this.title, this.list);
  }

  get open() { return !this.element.hidden; }

  get active() { return this.#items[this.#active] ?? null; }

  /** Show rows: [{key, testid, cells, choose}]; with none, only the title. */
  show(title, rows, input) {
    this.input = input;
    this.title.textContent = title;
    this.#items = rows;
    this.list.replaceChildren(...rows.map((row, index) => {
      row.element = h("li", {
        id: freshId("row"), role: "option", class: "popup-row", "data-testid": row.testid, "data-value": row.key,
        onpointerdown: (event) => event.preventDefault(), onclick: () => row.choose(),
        onmousemove: () => this.#highlight(index, false),
      }, row.cells);
      return row.element;
    }));
    this.element.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", this.id);
    if (rows.length > 0) this.#highlight(0, true);
    else input.removeAttribute("aria-activedescendant");
  }

  hide() {
    this.element.hidden = true;
    this.#items = [];
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
  }

  /** Take a key of the text box; true if it was used. */
  key(event) {
    if (!this.open || this.#items.length === 0) return false;
    if (event.key === "ArrowDown") this.#highlight(this.#active + 1, true);
    else if (event.key === "ArrowUp") this.#highlight(this.#active - 1, true);
    else return false;
    event.preventDefault();
    return true;
  }

  #highlight(index, scroll) {
    this.#active = (index + this.#items.length) % this.#items.length;
    this.#items.forEach((row, at) => {
      row.element.classList.toggle("is-active", at === this.#active);
      row.element.setAttribute("aria-selected", String(at === this.#active));
    });
    const { element } = this.#items[this.#active];
    this.input.setAttribute("aria-activedescendant", element.id);
    if (scroll) element.scrollIntoView({ block: "nearest" });
  }
}
