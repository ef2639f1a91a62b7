// The channels a person may see, by category, with what they have not read.

import { h, icon } from "./dom.js";

const CATEGORY = 4;

function channelLink(channel, { current, unread, open }) {
  const here = channel.id === current;
  return h("button", {
    type: "button", class: ["channel", here ? "is-current" : "", unread ? "is-unread" : ""].join(" ").trim(),
    "aria-current": here ? "page" : null, "data-testid": `channel-${channel.name}`, "data-channel-id": channel.id,
    "data-unread": unread ? "true" : null, onclick: () => open(channel.id),
  }, icon("hash"), h("span", { class: "channel-name" }, channel.name),
  unread ? h("span", { class: "unread-mark", role: "img", "aria-label": "unread" }) : null);
}

/** Fill the sidebar's list. */
export function showChannels(list, channels, { current, isUnread, open }) {
  const link = (channel) => channelLink(channel, { current, unread: channel.id !== current && isUnread(channel), open });
  const rooms = channels.filter((each) => each.type !== CATEGORY);
  const categories = channels.filter((each) => each.type === CATEGORY);
  const known = new Set(categories.map((each) => each.id));
  const loose = rooms.filter((each) => !known.has(each.parent_id));
  const groups = categories
    .map((category) => [category, rooms.filter((each) => each.parent_id === category.id)])
    .filter(([, inside]) => inside.length > 0);
  list.replaceChildren(
    ...loose.map(link),
    ...groups.map(([category, inside]) =>
      h("section", { class: "category", "aria-label": category.name }, h("h2", {}, category.name), inside.map(link))),
  );
  if (rooms.length === 0) list.append(h("p", { class: "sidebar-empty" }, "No channel is visible to you."));
}

/** Fill the "You are" switch. */
export function showPeople(group, people, current, choose) {
  group.replaceChildren(
    h("span", { class: "persona-label", "aria-hidden": "true" }, "You are"),
    ...people.map((person, index) => h("button", {
      type: "button", role: "radio", class: "persona-choice", "aria-checked": String(person.key === current),
      tabindex: person.key === current ? "0" : "-1", "data-testid": `persona-${person.key}`,
      onclick: () => choose(person.key),
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        choose(people[(index + step + people.length) % people.length].key, true);
      },
    }, person.name)),
  );
}
