// Message components, old and V2, as elements. What a click does is decided by `context.press`.

import { colour, h, icon, localUrl } from "./dom.js";
import { openPicture } from "./dialogs.js";
import { markdown } from "./markdown.js";
import { select } from "./select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/** Show how many bytes a file has. */
export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

/** Show a picture that opens at full size; an outside host is named, not contacted. */
export function picture(media, description, extra = "") {
  const url = localUrl(media.url ?? "");
  if (!url) {
    return h("span", { class: "outside", title: "Pictures of other hosts are not loaded here" }, icon("external"), "picture elsewhere");
  }
  const image = h("img", { src: url, alt: description ?? "", loading: "lazy", width: media.width, height: media.height });
  return h("button", {
    type: "button", class: `picture-button ${extra}`, "data-testid": "image",
    "aria-label": description ? `Enlarge: ${description}` : "Enlarge picture", onclick: () => openPicture(url, description),
  }, image);
}

/** Show a file as something to download. */
export function fileCard(name, size, address) {
  const url = localUrl(address ?? "");
  return h("a", { class: "file", href: url, download: name, "data-testid": "file" },
    icon("file"),
    h("span", { class: "file-text" }, h("span", { class: "file-name" }, name), h("small", {}, fileSize(size ?? 0))),
    icon("download"));
}

function buttonLabel(component) {
  const emoji = component.emoji && !component.emoji.id ? component.emoji.name : component.emoji ? `:${component.emoji.name}:` : null;
  return [emoji ? h("span", { class: "emoji" }, emoji) : null, component.label ? h("span", {}, component.label) : null];
}

function button(component, context) {
  if (component.style === 5) {
    const safe = /^https?:\/\//.test(component.url ?? "");
    return h("a", {
      class: "button link", href: safe && !component.disabled ? component.url : null, target: "_blank",
      rel: "noopener noreferrer", "aria-disabled": component.disabled ? "true" : null, "data-testid": "link-button",
    }, buttonLabel(component), icon("external"));
  }
  const element = h("button", {
    type: "button", class: `button ${STYLES[component.style] ?? "secondary"}`, disabled: component.disabled,
    "data-testid": "button", "data-custom-id": component.custom_id,
    "aria-label": component.label ? null : component.emoji?.name,
    onclick: () => context.press(element, component),
  }, buttonLabel(component));
  return element;
}

function entitySelect(component, context) {
  const tables = { 5: context.people, 6: context.roles, 7: [...context.people, ...context.roles], 8: context.channels };
  const options = (tables[component.type] ?? []).map((each) => ({ ...each }));
  return stringSelect({ ...component, options }, context);
}

function stringSelect(component, context) {
  const made = select({
    options: component.options, placeholder: component.placeholder, min: component.min_values ?? 1,
    max: component.max_values ?? 1, disabled: component.disabled, customId: component.custom_id,
    onchoose: (values) => context.press(made.button, component, values),
  });
  return made.element;
}

function section(component, context) {
  return h("div", { class: "section" },
    h("div", { class: "section-text" }, component.components.map((each) => render(each, context))),
    h("div", { class: "section-side" }, render(component.accessory, context)));
}

function container(component, context) {
  const element = h("div", { class: "container", "data-testid": "container" }, component.components.map((each) => render(each, context)));
  if (component.accent_color !== null && component.accent_color !== undefined) {
    element.style.setProperty("--accent", colour(component.accent_color));
    element.classList.add("has-accent");
  }
  return component.spoiler ? veiled(element) : element;
}

function veiled(element) {
  const veil = h("button", { type: "button", class: "veil", onclick: () => veil.remove() }, "Spoiler · show");
  return h("div", { class: "veiled" }, element, veil);
}

function gallery(component) {
  const { items } = component;
  return h("div", { class: `gallery gallery-${Math.min(items.length, 5)}`, "data-testid": "gallery" }, items.map((item) => {
    const shown = picture(item.media, item.description);
    return item.spoiler ? veiled(shown) : shown;
  }));
}

function thumbnail(component) {
  const shown = picture(component.media, component.description, "thumbnail");
  return component.spoiler ? veiled(shown) : shown;
}

const RENDERERS = {
  1: (component, context) => h("div", { class: "row" }, component.components.map((each) => render(each, context))),
  2: button,
  3: stringSelect,
  5: entitySelect,
  6: entitySelect,
  7: entitySelect,
  8: entitySelect,
  9: section,
  10: (component, context) => h("div", { class: "text" }, markdown(component.content, context.names)),
  11: thumbnail,
  12: gallery,
  13: (component) => fileCard(component.name ?? "file", component.size, component.file.url),
  14: (component) => h(component.divider === false ? "div" : "hr", { class: `separator spacing-${component.spacing ?? 1}` }),
  17: container,
};

/** Show one component. */
export function render(component, context) {
  const renderer = RENDERERS[component.type];
  return renderer ? renderer(component, context) : h("p", { class: "unknown" }, `Component type ${component.type} is not shown here.`);
}
