// Discord's markdown as DOM nodes. It never builds HTML from text.

import { timestamp } from "./clock.js";
import { h } from "./dom.js";

const INLINE = [
  ["escape", /^\\([^\p{L}\p{N}\s])/u],
  ["code", /^(`+)(?!`)([\s\S]*?[^`])\1(?!`)/],
  ["stamp", /^<t:(-?\d{1,15})(?::([tTdDfFR]))?>/],
  ["user", /^<@!?(\d+)>/],
  ["role", /^<@&(\d+)>/],
  ["channel", /^<#(\d+)>/],
  ["command", /^<\/([-\w' ]{1,100}):(\d+)>/],
  ["emoji", /^<a?:(\w+):\d+>/],
  ["angle", /^<(https?:\/\/[^\s<>]+)>/],
  ["link", /^\[((?:\\.|[^\]\\])+)\]\(<?(https?:\/\/[^\s<>)]+(?:\([^\s<>)]*\)[^\s<>)]*)*)>?(?:\s+"[^"]*")?\)/],
  ["url", /^https?:\/\/[^\s<>]*[^\s<>.,:;"'\])!?*_~|]/],
  ["spoiler", /^\|\|([\s\S]+?)\|\|/],
  ["bold", /^\*\*([\s\S]+?)\*\*(?!\*)/],
  ["underline", /^__([\s\S]+?)__(?!_)/],
  ["strike", /^~~([\s\S]+?)~~/],
  ["italic", /^\*(?![\s*])((?:\*\*|[^*])+?)\*(?!\*)/],
  ["italic", /^_(?!_)((?:__|[^_])+?)_(?![\p{L}\p{N}_])/u],
  ["mention", /^@(everyone|here)\b/],
];

const safeLink = (url, children) =>
  h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);

function spoiler(children) {
  const element = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler, show", "aria-expanded": "false" }, h("span", {}, children));
  const show = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (element.classList.contains("shown")) return;
    event.preventDefault();
    element.classList.add("shown");
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
    element.removeAttribute("tabindex");
    element.setAttribute("aria-expanded", "true");
  };
  element.addEventListener("click", show);
  element.addEventListener("keydown", show);
  return element;
}

function mention(names, id, sign, onclick) {
  const known = names.get(id);
  const text = known ? `${sign}${known}` : sign === "#" ? "#unknown" : "@unknown";
  return onclick && known
    ? h("button", { type: "button", class: "mention", onclick }, text)
    : h("span", { class: "mention" }, text);
}

function node(kind, match, names) {
  switch (kind) {
    case "escape": return match[1];
    case "code": return h("code", {}, match[2].replace(/^ (.*) $/s, "$1"));
    case "stamp": return timestamp(Number(match[1]), match[2]);
    case "user": return mention(names.users, match[1], "@");
    case "role": return mention(names.roles, match[1], "@");
    case "channel": return mention(names.channels, match[1], "#", () => names.openChannel(match[1]));
    case "command": return h("button", { type: "button", class: "mention", onclick: () => names.openCommand(match[1]) }, `/${match[1]}`);
    case "emoji": return `:${match[1]}:`;
    case "angle": return safeLink(match[1], match[1]);
    case "link": return safeLink(match[2], inline(match[1], names));
    case "url": return safeLink(match[0], match[0]);
    case "spoiler": return spoiler(inline(match[1], names));
    case "bold": return h("strong", {}, inline(match[1], names));
    case "underline": return h("u", {}, inline(match[1], names));
    case "strike": return h("s", {}, inline(match[1], names));
    case "italic": return h("em", {}, inline(match[1], names));
    default: return h("span", { class: "mention" }, match[0]);
  }
}

/** Give the nodes of one run of text. */
export function inline(text, names) {
  const nodes = [];
  let plain = "";
  let at = 0;
  const flush = () => { if (plain) nodes.push(plain); plain = ""; };
  while (at < text.length) {
    const rest = text.slice(at);
    const inWord = at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1]);
    const found = "\\`<[h|*_~@".includes(rest[0])
      ? INLINE.map(([kind, rule]) => [kind, rule.exec(rest)]).find(([kind, match]) => match && !(inWord && (rest[0] === "_" || kind === "url")))
      : undefined;
    if (found) {
      flush();
      nodes.push(node(found[0], found[1], names));
      at += found[1][0].length;
    } else {
      if (rest[0] === "\n") { flush(); nodes.push(h("br")); } else plain += rest[0];
      at += 1;
    }
  }
  flush();
  return nodes;
}

const ITEM = /^(\s*)([-*]|\d+[.)])\s+(.*)$/;

function list(lines, names) {
  const first = ITEM.exec(lines[0]);
  const depth = first[1].length;
  const ordered = /\d/.test(first[2]);
  const start = ordered ? Number.parseInt(first[2], 10) : null;
  const root = h(ordered ? "ol" : "ul", { start: ordered && start !== 1 ? start : null });
  while (lines.length > 0) {
    const match = ITEM.exec(lines[0]);
    if (!match || match[1].length < depth) break;
    if (match[1].length > depth && root.lastChild) {
      root.lastChild.append(list(lines, names));
      continue;
    }
    if (/\d/.test(match[2]) !== ordered) break;
    lines.shift();
    root.append(h("li", {}, inline(match[3], names)));
  }
  return root;
}

function codeBlock(text) {
  const match = /^```(?:([\w+#-]+)\n)?\n*([\s\S]*?)\n*```$/.exec(text);
  return h("pre", { tabindex: "0" }, h("code", { "data-language": match[1] }, match[2]));
}

/** Give the block nodes of a text. `names` resolves mentions. */
export function markdown(text, names) {
  const parts = text.split(/(```[\s\S]+?```)/);
  return parts.flatMap((part, index) => (index % 2 ? [codeBlock(part)] : blocks(part.replace(/^\n|\n$/g, ""), names)));
}

function blocks(text, names) {
  const lines = text.split("\n");
  const out = [];
  let paragraph = [];
  const flush = () => {
    while (paragraph.length && paragraph.at(-1) === "") paragraph.pop();
    if (paragraph.length) out.push(h("div", { class: "paragraph" }, inline(paragraph.join("\n"), names)));
    paragraph = [];
  };
  while (lines.length > 0) {
    const line = lines[0];
    const heading = /^(#{1,3})\s+(.+)$/.exec(line);
    if (heading) {
      flush();
      lines.shift();
      const level = heading[1].length;
      out.push(h("div", { class: `heading heading-${level}`, role: "heading", "aria-level": level + 2 }, inline(heading[2], names)));
    } else if (/^-# .+/.test(line)) {
      flush();
      lines.shift();
      out.push(h("div", { class: "subtext" }, inline(line.slice(3), names)));
    } else if (/^>>> /.test(line)) {
      flush();
      const rest = lines.splice(0).join("\n").slice(4);
      out.push(h("blockquote", {}, blocks(rest, names)));
    } else if (/^> ?/.test(line)) {
      flush();
      const quoted = [];
      while (lines.length > 0 && /^> ?/.test(lines[0])) quoted.push(lines.shift().replace(/^> ?/, ""));
      out.push(h("blockquote", {}, blocks(quoted.join("\n"), names)));
    } else if (ITEM.test(line)) {
      flush();
      out.push(list(lines, names));
    } else {
      paragraph.push(line);
      lines.shift();
    }
  }
  flush();
  return out;
}
