// Builds elements. Text always becomes a text node: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M3.5 15h16",
  chevron: "M7 10l5 5 5-5",
  send: "M5 12h13M13 6l6 6-6 6",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z",
  external: "M14 5h5v5M19 5l-8 8M11 6H6v12h12v-5",
  reply: "M5 17v-4a4 4 0 014-4h10M15 5l4 4-4 4",
  lock: "M7 11V8a5 5 0 0110 0v3M6 11h12v9H6z",
};

/** Make an element: h("p", {class: "x", onclick}, "text", child). Null children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Make one of the line icons. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Make a round mark with initials, in a colour that belongs to the name. */
export function avatar(user) {
  const name = user.global_name ?? user.username;
  const mark = h("span", { class: "avatar", "aria-hidden": "true" }, initials(name));
  let hue = 0;
  for (const letter of user.id) hue = (hue * 31 + letter.charCodeAt(0)) % 360;
  mark.style.setProperty("--hue", String(user.bot ? 190 : hue));
  if (user.bot) mark.classList.add("avatar-bot");
  return mark;
}

function initials(name) {
  const words = name.replace(/^(a|an|the) /i, "").split(/[\s_.-]+/).filter(Boolean);
  return words.slice(0, 2).map((word) => word[0].toUpperCase()).join("") || "?";
}

/** Give a colour as Discord sends it (an integer) as CSS. */
export function colour(value) {
  return `#${Number(value).toString(16).padStart(6, "0")}`;
}

let counter = 0;

/** Give an id no other element has. */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** Give a loopback address as a path of this page, and nothing for an outside host. */
export function localUrl(url) {
  try {
    const parsed = new URL(url, location.href);
    const here = parsed.port === location.port && /^(127\.0\.0\.1|localhost)$/.test(parsed.hostname);
    return here ? parsed.pathname + parsed.search : null;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
