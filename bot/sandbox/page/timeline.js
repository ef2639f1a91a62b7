// The messages of one channel: grouped, kept at the bottom while one reads there, older ones on demand.

import { history } from "./api.js";
import { dayName } from "./clock.js";
import { h, icon } from "./dom.js";
import { messageItem } from "./message.js";

const GROUP_MS = 7 * 60 * 1000;
const PAGE = 50;
const KEPT = 400;

export class Timeline {
  #messages = new Map();
  #channel = null;
  #complete = false;
  #loading = false;
  #stuck = true;
  #top = 0;
  #turn = 0;

  constructor(view, list, jump, context) {
    this.view = view;
    this.list = list;
    this.jump = jump;
    this.context = context;
    context.find = (id) => this.#messages.get(id);
    view.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    jump.addEventListener("click", () => this.toBottom());
    new ResizeObserver(() => { if (this.#stuck) this.#pin(); }).observe(list);
    new ResizeObserver(() => { if (this.#stuck) this.#pin(); }).observe(view);
  }

  get atBottom() { return this.#stuck; }

  /** Show a channel from its newest messages. */
  async open(channel, person) {
    const turn = ++this.#turn;
    this.#channel = channel;
    this.person = person;
    this.#messages.clear();
    this.#complete = false;
    this.#stuck = true;
    this.list.replaceChildren(skeleton());
    const found = await history(person, channel.id);
    if (turn !== this.#turn) return;
    for (const message of found.reverse()) this.#messages.set(message.id, message);
    this.#complete = found.length < PAGE;
    this.#paint();
    this.toBottom();
  }

  /** Whether nobody has said anything here. */
  get silent() { return this.#messages.size === 0; }

  /** Show that there is nothing to show. */
  empty(title, text) {
    this.#turn += 1;
    this.#channel = null;
    this.#messages.clear();
    this.list.replaceChildren(h("li", { class: "start", "data-testid": "empty" }, h("span", { class: "start-mark" }, icon("lock")), h("h2", {}, title), h("p", {}, text)));
  }

  /** Take a new or changed message of the open channel. */
  put(message) {
    if (message.channel_id !== this.#channel?.id) return;
    const known = this.#messages.get(message.id);
    if (this.#messages.size === 0) this.list.querySelector(".start")?.replaceWith(start(this.#channel, false));
    this.#messages.set(message.id, { ...known, ...message });
    const item = messageItem(this.#messages.get(message.id), this.context);
    const old = this.#item(message.id);
    if (old) old.replaceWith(item);
    else this.list.append(item);
    this.#regroup(item);
    this.#regroup(item.nextElementSibling);
    if (!old) this.#arrived();
  }

  /** Drop a message. */
  remove(id) {
    this.#messages.delete(id);
    const item = this.#item(id);
    const next = item?.nextElementSibling;
    item?.remove();
    this.#regroup(next);
    if (this.#messages.size === 0 && this.#channel) this.#paint();
  }

  /** Add a line that only this page knows, such as a command without an answer. */
  note(element) {
    this.list.append(element);
    this.#arrived();
  }

  /** Go to the newest message. */
  toBottom() {
    this.#stuck = true;
    this.jump.hidden = true;
    this.#pin();
  }

  #pin() { this.view.scrollTop = this.view.scrollHeight; }

  #item(id) { return this.list.querySelector(`[data-message-id="${CSS.escape(id)}"]`); }

  #arrived() {
    if (this.#stuck) {
      this.#pin();
      this.#trim();
    } else this.jump.hidden = false;
  }

  #trim() {
    if (this.#messages.size <= KEPT) return;
    for (const id of [...this.#messages.keys()].slice(0, this.#messages.size - KEPT)) {
      this.#messages.delete(id);
      this.#item(id)?.remove();
    }
    this.#complete = false;
    this.list.querySelector(".start")?.remove();
    this.#regroup(this.list.firstElementChild);
  }

  #paint() {
    const items = [...this.#messages.values()].map((message) => messageItem(message, this.context));
    this.list.replaceChildren(...(this.#complete ? [start(this.#channel, items.length === 0)] : []), ...items);
    items.forEach((item) => this.#regroup(item));
  }

  #regroup(item) {
    if (!item?.matches?.(".message")) return;
    let before = item.previousElementSibling;
    while (before && !before.matches(".message")) before = before.previousElementSibling;
    const at = Number(item.dataset.time);
    const then = Number(before?.dataset.time);
    const newDay = !before || new Date(at).toDateString() !== new Date(then).toDateString();
    const same = before && before.dataset.authorId === item.dataset.authorId && before.dataset.private === item.dataset.private;
    item.classList.toggle("new-day", newDay);
    item.classList.toggle("is-grouped", Boolean(same && !newDay && !item.dataset.breaks && at - then < GROUP_MS));
    if (newDay) item.querySelector(".day span").textContent = dayName(new Date(at));
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.view;
    // Only a person scrolls up: a picture that loads moves the bottom away and nothing else.
    if (scrollHeight - scrollTop - clientHeight < 60) this.#stuck = true;
    else if (scrollTop < this.#top - 1) this.#stuck = false;
    this.#top = scrollTop;
    if (this.#stuck) { this.jump.hidden = true; this.context.onBottom(); }
    if (scrollTop < 300) this.#older();
  }

  async #older() {
    if (this.#loading || this.#complete || this.#messages.size === 0) return;
    this.#loading = true;
    const turn = this.#turn;
    try {
      const first = this.#messages.keys().next().value;
      const found = (await history(this.person, this.#channel.id, first)).reverse();
      if (turn !== this.#turn) return;
      this.#complete = found.length < PAGE;
      this.#prepend(found);
    } finally {
      this.#loading = false;
    }
  }

  #prepend(found) {
    const oldFirst = this.list.querySelector(".message");
    const height = this.view.scrollHeight;
    this.#messages = new Map([...found.map((message) => [message.id, message]), ...this.#messages]);
    const items = found.map((message) => messageItem(message, this.context));
    this.list.prepend(...(this.#complete ? [start(this.#channel, false)] : []), ...items);
    items.forEach((item) => this.#regroup(item));
    this.#regroup(oldFirst);
    this.view.scrollTop += this.view.scrollHeight - height;
  }
}

function start(channel, empty) {
  return h("li", { class: "start", "data-testid": "channel-start" },
    h("span", { class: "start-mark" }, icon("hash")),
    h("h2", {}, `#${channel.name}`),
    h("p", {}, empty ? "Nothing has been said here yet. Type / to see what the bot can do." : "This is where the channel begins."));
}

function skeleton() {
  return h("li", { class: "skeleton", "aria-label": "Loading messages" }, h("i"), h("i"), h("i"));
}
