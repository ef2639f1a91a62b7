// Slash commands as the composer sees them: one entry for each thing that can be run.

const SUB = 1;
const GROUP = 2;

/** Give every runnable command: {name, description, options}. */
export function runnable(commands) {
  return commands.flatMap((command) => leaves(command.name, command));
}

function leaves(name, node) {
  const children = (node.options ?? []).filter((each) => each.type === SUB || each.type === GROUP);
  if (children.length === 0) return [{ name, description: node.description, options: node.options ?? [] }];
  return children.flatMap((child) => leaves(`${name} ${child.name}`, child));
}

/** Give the commands that fit what was typed, best first. */
export function matching(entries, typed) {
  const wanted = typed.trim().toLowerCase();
  const score = (entry) => {
    if (entry.name.startsWith(wanted)) return 0;
    if (entry.name.split(/[\s-]/).some((word) => word.startsWith(wanted))) return 1;
    if (entry.name.includes(wanted)) return 2;
    return wanted.length > 2 && entry.description.toLowerCase().includes(wanted) ? 3 : 4;
  };
  return entries.map((entry) => [score(entry), entry]).filter(([rank]) => rank < 4)
    .sort((a, b) => a[0] - b[0] || a[1].name.localeCompare(b[1].name)).map(([, entry]) => entry);
}

/** Say what kind of value an option wants. */
export function kindName(option) {
  return { 3: "text", 4: "whole number", 5: "true or false", 6: "person", 7: "channel", 8: "role", 9: "person or role", 10: "number", 11: "file" }[option.type] ?? "";
}

/** Say what bounds an option has, or nothing. */
export function bounds(option) {
  const [low, high] = option.type === 3 ? [option.min_length, option.max_length] : [option.min_value, option.max_value];
  const what = option.type === 3 ? " characters" : "";
  if (low !== undefined && low !== null && high !== undefined && high !== null) return `${low} to ${high}${what}`;
  if (low !== undefined && low !== null) return `at least ${low}${what}`;
  return high !== undefined && high !== null ? `at most ${high}${what}` : "";
}

/** Give what is wrong with a value, or nothing. */
export function problem(option, value, text) {
  if (!text) return option.required ? "This option is required." : "";
  if (option.choices?.length && value === null) return "Choose one of the listed values.";
  if ([5, 6, 7, 8, 9].includes(option.type) && value === null) return `Choose a ${kindName(option)} from the list.`;
  if (option.type === 4 && !/^[-+]?\d+$/.test(text)) return "Must be a whole number.";
  if (option.type === 10 && (text.trim() === "" || Number.isNaN(Number(text)))) return "Must be a number.";
  const size = option.type === 3 ? text.length : Number(text);
  const [low, high] = option.type === 3 ? [option.min_length, option.max_length] : [option.min_value, option.max_value];
  if ([3, 4, 10].includes(option.type) && !option.choices?.length) {
    if (low !== undefined && low !== null && size < low) return `Must be ${bounds(option)}.`;
    if (high !== undefined && high !== null && size > high) return `Must be ${bounds(option)}.`;
  }
  return "";
}

/** Give the fixed values to choose from, or null where the bot or the keyboard supplies them. */
export function fixedChoices(option, { people, channels, roles }) {
  if (option.choices?.length) return option.choices.map(({ name, value }) => ({ name, value }));
  if (option.type === 5) return [{ name: "true", value: true }, { name: "false", value: false }];
  const entity = (each) => ({ name: each.label, value: each.value });
  if (option.type === 6) return people.map(entity);
  if (option.type === 7) return channels.map(entity);
  if (option.type === 8) return roles.map(entity);
  return option.type === 9 ? [...people, ...roles].map(entity) : null;
}
