// The bot's forms, and pictures at full size. Both are native dialogs: focus stays inside, Escape closes.

import { Refusal } from "./api.js";
import { freshId, h, icon } from "./dom.js";
import { markdown } from "./markdown.js";
import { select } from "./select.js";

const TEXT_INPUT = 4;
const SELECTS = new Set([3, 5, 6, 7, 8]);

function show(dialog) {
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Show a picture at full size. */
export function openPicture(url, description) {
  const dialog = h("dialog", { class: "picture", "data-testid": "picture", "aria-label": description || "Picture" },
    h("img", { src: url, alt: description ?? "" }),
    h("div", { class: "picture-foot" },
      h("span", {}, description ?? ""),
      h("a", { href: url, target: "_blank", rel: "noopener" }, "Open original"),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.tagName === "IMG") dialog.close();
  });
  show(dialog);
}

function textField(input, labelText, description) {
  const id = input.custom_id;
  const fieldId = freshId("field");
  const needed = input.required !== false;
  const control = h(input.style === 2 ? "textarea" : "input", {
    id: fieldId, name: id, class: "text-field", "data-testid": "modal-field", "data-custom-id": id,
    maxlength: input.max_length ?? 4000, placeholder: input.placeholder ?? "", "aria-required": String(needed),
    rows: input.style === 2 ? 4 : null, autocomplete: "off", "aria-describedby": `${fieldId}-note`,
  });
  control.value = input.value ?? "";
  const note = h("p", { id: `${fieldId}-note`, class: "field-error", role: "alert" });
  const check = () => {
    const { length } = control.value;
    const low = input.min_length ?? 0;
    let error = "";
    if (needed && !control.value.trim()) error = "This field is required.";
    else if (length > 0 && length < low) error = `At least ${low} characters; ${low - length} more.`;
    note.textContent = error;
    control.setAttribute("aria-invalid", String(Boolean(error)));
    return !error;
  };
  control.addEventListener("input", () => { if (note.textContent) check(); });
  return { id, check, control, value: () => control.value, element: labelled(fieldId, labelText, description, needed, control, note) };
}

function labelled(fieldId, text, description, needed, control, note) {
  return h("div", { class: "form-row" },
    h("label", { for: fieldId }, text, needed ? h("span", { class: "required", title: "required" }, " *") : null),
    description ? h("p", { class: "field-hint" }, description) : null, control, note);
}

function selectField(component, labelText, description, people) {
  const needed = component.required !== false;
  const options = component.options ?? people;
  const note = h("p", { class: "field-error", role: "alert" });
  const made = select({
    options, placeholder: component.placeholder, min: needed ? component.min_values ?? 1 : 0,
    max: component.max_values ?? 1, customId: component.custom_id, label: labelText,
    onchoose: () => { note.textContent = ""; },
  });
  made.button.id = freshId("field");
  const check = () => {
    const error = needed && made.values().length < (component.min_values ?? 1) ? "Choose something." : "";
    note.textContent = error;
    return !error;
  };
  return { id: component.custom_id, check, control: made.button, value: made.values,
    element: labelled(made.button.id, labelText, description, needed, made.element, note) };
}

function field(component, label, description, people) {
  if (component.type === TEXT_INPUT) return textField(component, label, description);
  if (SELECTS.has(component.type)) return selectField(component, label, description, people);
  return null;
}

/**
 * Show the bot's form.
 * submit(values) resolves to an outcome, or rejects with a Refusal whose text is shown.
 */
export function openModal(modal, { names, people, botName, submit }) {
  const fields = [];
  const rows = modal.components.map((component) => {
    if (component.type === 10) return h("div", { class: "form-text" }, markdown(component.content, names));
    const inner = component.component ?? component.components?.[0];
    const made = inner ? field(inner, component.label ?? inner.label ?? "", component.description, people) : null;
    if (!made) return h("p", { class: "unknown" }, "This field cannot be shown here.");
    fields.push(made);
    return made.element;
  });
  const problem = h("p", { class: "form-problem", role: "alert", "data-testid": "modal-error" });
  const send = h("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, "Submit");
  const titleId = freshId("title");
  const dialog = h("dialog", { class: "modal", "aria-labelledby": titleId, "data-testid": "modal", "data-custom-id": modal.custom_id });
  const form = h("form", { novalidate: true },
    h("header", {},
      h("div", {}, h("h2", { id: titleId }, modal.title), h("p", {}, `Asked by ${botName}`)),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close", "data-testid": "modal-close", onclick: () => dialog.close() }, icon("close"))),
    h("div", { class: "form-body" }, rows),
    h("footer", {}, problem,
      h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), send));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = fields.filter((each) => !each.check());
    if (wrong.length > 0) { wrong[0].control.focus(); return; }
    problem.textContent = "";
    send.disabled = true;
    send.classList.add("is-pending");
    try {
      const outcome = await submit(Object.fromEntries(fields.map((each) => [each.id, each.value()])));
      if (outcome.kind === "failed") problem.textContent = "Something went wrong. Try again.";
      else dialog.close();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problem.textContent = error.message;
    } finally {
      send.disabled = false;
      send.classList.remove("is-pending");
    }
  });
  dialog.append(form);
  show(dialog);
  fields[0]?.control.focus();
}
