// One message as a list item: header, reply line, text, embeds, files, components, reactions.

import { hourMinute, inFull } from "./clock.js";
import { avatar, colour, h, icon } from "./dom.js";
import { fileCard, picture, render } from "./components.js";
import { inline, markdown } from "./markdown.js";

export const EPHEMERAL = 1 << 6;
export const LOADING = 1 << 7;

const nameOf = (user) => user.global_name ?? user.username;

function embed(data, context) {
  const { names } = context;
  const title = data.title ? h("div", { class: "embed-title" }, inline(data.title, names)) : null;
  const linked = title && /^https?:\/\//.test(data.url ?? "")
    ? h("a", { href: data.url, target: "_blank", rel: "noopener noreferrer" }, title) : title;
  const when = data.timestamp ? inFull(new Date(data.timestamp)) : null;
  const foot = [data.footer?.text, when].filter(Boolean).join(" · ");
  const element = h("div", { class: "embed", "data-testid": "embed" },
    h("div", { class: "embed-main" },
      data.author?.name ? h("div", { class: "embed-author" }, data.author.name) : null,
      linked,
      data.description ? h("div", { class: "text" }, markdown(data.description, names)) : null,
      data.fields?.length ? h("dl", { class: "embed-fields" }, data.fields.map((field) => h("div", { class: field.inline ? "is-inline" : null },
        h("dt", {}, inline(field.name, names)), h("dd", {}, markdown(field.value, names))))) : null),
    data.thumbnail?.url ? picture(data.thumbnail, "", "thumbnail") : null,
    data.image?.url ? h("div", { class: "embed-image" }, picture(data.image, "")) : null,
    foot ? h("div", { class: "embed-foot" }, foot) : null);
  if (data.color !== null && data.color !== undefined) element.style.setProperty("--accent", colour(data.color));
  return element;
}

function usedElsewhere(message) {
  return JSON.stringify([message.components, message.embeds]);
}

function attachments(message) {
  const used = usedElsewhere(message);
  // A Components V2 message shows only what its components refer to.
  const free = message.flags & (1 << 15) ? [] : message.attachments.filter((each) => !used.includes(each.url));
  const images = free.filter((each) => /^image\/(png|jpe?g|gif|webp)/.test(each.content_type ?? ""));
  const others = free.filter((each) => !images.includes(each));
  return [
    images.length ? h("div", { class: `gallery gallery-${Math.min(images.length, 5)}` }, images.map((each) => picture(each, each.description ?? each.filename))) : null,
    others.map((each) => fileCard(each.filename, each.size, each.url)),
  ];
}

function origin(message, context) {
  const command = message.interaction;
  if (command) {
    return h("div", { class: "origin", "data-testid": "message-origin" }, icon("reply"),
      h("strong", {}, nameOf(command.user)), " used ", h("span", { class: "mention" }, `/${command.name}`));
  }
  if (!message.message_reference) return null;
  const target = message.referenced_message ?? context.find(message.message_reference.message_id);
  const text = target ? (target.content || "a card").split("\n")[0] : "a message that is gone";
  return h("div", { class: "origin" }, icon("reply"),
    target ? h("strong", {}, nameOf(target.author)) : null, " ", h("span", { class: "origin-text" }, text));
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map((each) =>
    h("span", { class: "reaction" }, each.emoji.id ? `:${each.emoji.name}:` : each.emoji.name, h("b", {}, each.count))));
}

function privateNote(message, context) {
  return h("div", { class: "private" }, icon("eye"), "Only you can see this · ",
    h("button", { type: "button", class: "text-button", "data-testid": "dismiss", onclick: () => context.dismiss(message) }, "dismiss"));
}

function content(message, context) {
  if (message.flags & LOADING) {
    return h("div", { class: "thinking", "data-testid": "thinking" },
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), `${nameOf(message.author)} is thinking…`);
  }
  const edited = message.edited_timestamp
    ? h("span", { class: "edited", title: inFull(new Date(message.edited_timestamp)), "data-testid": "edited" }, "(edited)") : null;
  const text = message.content ? h("div", { class: "text", "data-testid": "message-content" }, markdown(message.content, context.names)) : null;
  if (text && edited) (text.lastElementChild?.matches(".paragraph") ? text.lastElementChild : text).append(" ", edited);
  return [
    text,
    message.embeds.map((each) => embed(each, context)),
    attachments(message),
    message.components.length ? h("div", { class: "components" }, message.components.map((each) => render(each, context))) : null,
    !text && edited ? edited : null,
  ];
}

/** Show one message. */
export function messageItem(message, context) {
  const written = new Date(message.timestamp);
  const author = nameOf(message.author);
  const private_ = Boolean(message.flags & EPHEMERAL);
  const mentioned = message.mentions?.some((user) => user.id === context.me);
  return h("li", {
    class: ["message", private_ ? "is-private" : "", mentioned ? "is-mentioned" : ""].join(" ").trim(),
    "data-testid": "message", "data-message-id": message.id, "data-author-id": message.author.id,
    "data-time": written.getTime(), "data-private": private_ ? "true" : null,
    "data-breaks": message.interaction || message.message_reference ? "true" : null,
  },
  h("div", { class: "day", role: "separator" }, h("span", {})),
  h("article", { class: "message-grid", "aria-label": `${author}, ${hourMinute(written)}` },
    origin(message, context),
    avatar(message.author),
    h("time", { class: "side-time", datetime: message.timestamp, title: inFull(written) }, hourMinute(written)),
    h("div", { class: "message-main" },
      h("header", { class: "message-head" },
        h("span", { class: "author" }, author),
        message.author.bot ? h("span", { class: "app-tag" }, "app") : null,
        h("time", { datetime: message.timestamp, title: inFull(written) }, hourMinute(written))),
      content(message, context),
      h("p", { class: "failed", role: "alert", "data-testid": "interaction-failed", hidden: true }),
      reactions(message),
      private_ ? privateNote(message, context) : null)));
}
