// Puts the page together: who one is, which channel is open, and where each piece of news goes.

import { act, Live, Refusal } from "./api.js";
import { Composer } from "./composer.js";
import { openModal } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { LOADING } from "./message.js";
import { showChannels, showPeople } from "./sidebar.js";
import { Timeline } from "./timeline.js";

const CATEGORY = 4;
const $ = (selector) => document.querySelector(selector);

// The token has become a cookie by now: it leaves the address bar and the history.
history.replaceState(null, "", location.pathname + location.hash);

const memory = {
  get: (key) => localStorage.getItem(`sandbox.${key}`),
  set: (key, value) => localStorage.setItem(`sandbox.${key}`, value),
};

const state = { person: memory.get("person") ?? "owner", world: null, channel: null, typing: 0 };

const names = {
  users: new Map(), roles: new Map(), channels: new Map(),
  openChannel: (id) => openChannel(id),
  openCommand: (name) => composer.openCommand(name),
};

const context = {
  names, press, dismiss, onBottom: markRead,
  get me() { return state.world?.me.id; },
  get people() { return entities().people; },
  get channels() { return entities().channels; },
  get roles() { return entities().roles; },
};

function entities() {
  const { users, roles, channels } = state.world;
  return {
    people: Object.values(users).map((user) => ({ label: user.global_name ?? user.username, value: user.id })),
    roles: Object.entries(roles).map(([value, label]) => ({ label, value })),
    channels: channels.filter((each) => each.type !== CATEGORY).map((each) => ({ label: `#${each.name}`, value: each.id })),
  };
}

const timeline = new Timeline($(".timeline"), $(".messages"), $(".jump"), context);
const composer = new Composer($("#composer"), {
  say: (content) => act("say", { as: state.person, channel: state.channel.id, content }),
  complete: (command, options, focused) => act("autocomplete", { as: state.person, channel: state.channel.id, command, options, focused }),
  run: runCommand,
  entities,
});
const live = new Live(take, linkChanged);

// ---- what a person does ------------------------------------------------------------------

async function runCommand(command, options) {
  const channel = state.channel;
  const text = h("span", {}, "Sending command…");
  const line = h("li", { class: "local-note is-pending", "data-testid": "command-note" },
    h("span", { class: "origin" }, icon("reply"), "You used ", h("span", { class: "mention" }, `/${command}`)), text);
  const slow = setTimeout(() => timeline.note(line), 350);
  timeline.toBottom();
  try {
    const outcome = await act("slash", { as: state.person, channel: channel.id, command, options });
    clearTimeout(slow);
    if (outcome.kind !== "failed") line.remove();
    else if (state.channel?.id === channel.id) unanswered(line, text);
    follow(outcome, channel);
  } catch (error) {
    clearTimeout(slow);
    line.remove();
    throw error;
  }
}

function unanswered(line, text) {
  line.classList.replace("is-pending", "is-failed");
  text.replaceChildren("The application did not respond. ",
    h("button", { type: "button", class: "text-button", onclick: () => line.remove() }, "dismiss"));
  if (!line.isConnected) timeline.note(line);
}

async function press(control, component, values) {
  const item = control.closest(".message");
  const note = item.querySelector(".failed");
  const channel = state.channel;
  const controls = [...item.querySelectorAll(".components button, .select-button")].filter((each) => !each.disabled);
  note.hidden = true;
  control.classList.add("is-pending");
  control.setAttribute("aria-busy", "true");
  for (const each of controls) each.disabled = true;
  try {
    const outcome = await act("component", { as: state.person, message: item.dataset.messageId, custom_id: component.custom_id, values });
    if (outcome.kind === "failed") fail(item, "This interaction failed");
    follow(outcome, channel);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    fail(item, error.message);
  } finally {
    control.classList.remove("is-pending");
    control.removeAttribute("aria-busy");
    for (const each of controls) each.disabled = false;
  }
}

function fail(item, text) {
  const present = item.isConnected ? item : document.querySelector(`[data-message-id="${CSS.escape(item.dataset.messageId)}"]`);
  const note = present?.querySelector(".failed");
  if (!note) return;
  note.textContent = text;
  note.hidden = false;
}

function follow(outcome, channel) {
  if (outcome.kind !== "modal") return;
  const person = state.person;
  openModal(outcome.modal, {
    names, people: entities().people, botName: state.world.bot.username,
    submit: async (values) => {
      const answer = await act("submit", { as: person, channel: channel.id, custom_id: outcome.modal.custom_id, values });
      follow(answer, channel);
      return answer;
    },
  });
}

async function dismiss(message) {
  timeline.remove(message.id);
  try {
    await act("dismiss", { as: state.person, message: message.id });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error; // it is gone on the server too
  }
}

// ---- what is new -------------------------------------------------------------------------

const NEWS = {
  SNAPSHOT: takeSnapshot,
  CHANNELS: (channels) => { state.world.channels = channels; refreshChannels(); },
  COMMANDS: (commands) => { state.world.commands = commands; composer.setCommands(commands); },
  MESSAGE_CREATE: (message) => { arrived(message); timeline.put(message); markRead(); },
  MESSAGE_UPDATE: (message) => timeline.put(message),
  SANDBOX_REACTIONS: (message) => timeline.put(message),
  MESSAGE_DELETE: ({ id }) => timeline.remove(id),
  MESSAGE_DELETE_BULK: ({ ids }) => ids.forEach((id) => timeline.remove(id)),
  SANDBOX_BOT: ({ online }) => { state.world.bot_online = online; showBot(); },
  TYPING_START: showTyping,
};

function take({ t, d }) { NEWS[t]?.(d); }

function takeSnapshot(world) {
  const first = state.world === null;
  state.world = world;
  state.person = world.person;
  names.users = new Map(Object.values(world.users).map((user) => [user.id, user.global_name ?? user.username]));
  names.roles = new Map(Object.entries(world.roles).map(([id, name]) => [id, name.replace(/^@/, "")]));
  $(".guild-name").textContent = world.guild.name;
  document.title = world.guild.name;
  showPeople($(".persona"), world.people, state.person, become);
  composer.setCommands(world.commands);
  showBot();
  refreshChannels(true);
  if (first && matchMedia("(hover: hover)").matches) composer.focus();
}

function arrived(message) {
  const channel = state.world.channels.find((each) => each.id === message.channel_id);
  if (channel && !(message.flags & LOADING && message.flags & 64)) channel.last_message_id = message.id;
  if (message.author.bot) hideTyping(message.channel_id);
  if (message.channel_id === state.channel?.id) return;
  if (channel && timeline.silent && !state.chosen) openChannel(channel.id);
  else drawSidebar();
}

function refreshChannels(reload = false) {
  const rooms = state.world.channels.filter((each) => each.type !== CATEGORY);
  names.channels = new Map(rooms.map((each) => [each.id, each.name]));
  const kept = rooms.find((each) => each.id === (state.channel?.id ?? memory.get(`channel.${state.person}`)));
  const newest = [...rooms].sort((a, b) => Number(BigInt(b.last_message_id ?? 0) - BigInt(a.last_message_id ?? 0)))[0];
  const next = kept ?? newest ?? null;
  if (reload || next?.id !== state.channel?.id) openChannel(next?.id ?? null, true);
  else { state.channel = next; showHead(); drawSidebar(); }
}

/** Open what the person picked; until then an empty room gives way to the one where talk begins. */
function choose(id) {
  state.chosen = true;
  return openChannel(id);
}

async function openChannel(id, again = false) {
  closeDrawer();
  if (!again && id === state.channel?.id) { timeline.toBottom(); return; }
  state.channel = state.world.channels.find((each) => each.id === id) ?? null;
  showHead();
  hideTyping(null);
  drawSidebar();
  if (!state.channel) {
    timeline.empty("Nothing to see", `No channel of this server is visible to you as ${personName()}.`);
    return;
  }
  memory.set(`channel.${state.person}`, id);
  try {
    await timeline.open(state.channel, state.person);
    markRead();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    timeline.empty("The messages could not be loaded", error.message);
  }
}

// ---- unread marks ------------------------------------------------------------------------

const readKey = (channel) => `read.${state.person}.${channel.id}`;

function isUnread(channel) {
  return channel.last_message_id !== null && BigInt(channel.last_message_id) > BigInt(memory.get(readKey(channel)) ?? 0);
}

function markRead() {
  const { channel } = state;
  if (!channel?.last_message_id || !timeline.atBottom || document.hidden) return;
  if (!isUnread(channel)) return;
  memory.set(readKey(channel), channel.last_message_id);
  drawSidebar();
}

document.addEventListener("visibilitychange", markRead);

// ---- drawing -----------------------------------------------------------------------------

const personName = () => state.world.people.find((each) => each.key === state.person)?.name ?? state.person;

function drawSidebar() {
  showChannels($(".channel-list"), state.world.channels, { current: state.channel?.id, isUnread, open: choose });
}

function showHead() {
  $("#channel-title").replaceChildren(...(state.channel ? [icon("hash"), state.channel.name] : ["No channel"]));
  $(".topic").textContent = state.channel?.topic ?? "";
  composer.setChannel(state.channel);
}

function showBot() {
  const { bot, bot_online: online } = state.world;
  $(".sidebar-foot").replaceChildren(h("span", { class: `dot ${online ? "is-on" : ""}`, "aria-hidden": "true" }),
    `${bot.username} is ${online ? "connected" : "not connected"}`);
}

function showTyping({ channel_id: channel }) {
  if (channel !== state.channel?.id) return;
  $(".typing").textContent = `${state.world.bot.username} is typing…`;
  clearTimeout(state.typing);
  state.typing = setTimeout(() => hideTyping(null), 9000);
}

function hideTyping(channel) {
  if (channel !== null && channel !== state.channel?.id) return;
  clearTimeout(state.typing);
  $(".typing").textContent = "";
}

function linkChanged(up) {
  const banner = $(".banner");
  if (up === banner.hidden) return;
  banner.hidden = up;
  banner.replaceChildren(...(up ? [] : ["Connection lost. Trying again… If the program was restarted, open the new address it printed. ",
    h("button", { type: "button", class: "text-button", onclick: () => live.retry() }, "Try now")]));
}

// ---- people and drawer -------------------------------------------------------------------

function become(key, focus = false) {
  if (key === state.person) return;
  state.person = key;
  memory.set("person", key);
  state.channel = state.channel && { id: state.channel.id };
  showPeople($(".persona"), state.world.people, key, become);
  if (focus) $(`[data-testid="persona-${CSS.escape(key)}"]`).focus();
  live.open(key);
}

function openDrawer() {
  $(".app").classList.add("drawer-open");
  $(".scrim").hidden = false;
  $(".drawer-button").setAttribute("aria-expanded", "true");
  $(".channel.is-current, .channel")?.focus();
}

function closeDrawer() {
  if (!$(".app").classList.contains("drawer-open")) return;
  $(".app").classList.remove("drawer-open");
  $(".scrim").hidden = true;
  $(".drawer-button").setAttribute("aria-expanded", "false");
}

$(".drawer-button").append(icon("menu"));
$(".drawer-button").addEventListener("click", () => ($(".app").classList.contains("drawer-open") ? closeDrawer() : openDrawer()));
$(".scrim").addEventListener("click", closeDrawer);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeDrawer(); });

live.open(state.person);
