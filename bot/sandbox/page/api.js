// Talks to the server: one socket for what is new, one POST for each thing a person does.

/** A refusal whose text is meant for the person. */
export class Refusal extends Error {}

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch (error) {
    if (error instanceof TypeError) throw new Refusal("The server cannot be reached.");
    throw error;
  }
  if (response.status === 403) throw new Refusal(await response.text());
  const body = await response.json();
  if (!response.ok) throw new Refusal(body.error);
  return body;
}

/** Do something as a person; rejects with a Refusal to show. */
export function act(name, body) {
  return answered(fetch(`/page/api/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }));
}

/** Give up to 50 messages of a channel, newest first. */
export function history(person, channel, before) {
  const query = new URLSearchParams({ as: person, channel });
  if (before) query.set("before", before);
  return answered(fetch(`/page/api/messages?${query}`));
}

/** Keeps one live socket open for a person, and opens it again when it is lost. */
export class Live {
  #socket = null;
  #person = null;
  #timer = 0;
  #delay = 400;

  constructor(onNews, onLink) {
    this.onNews = onNews;
    this.onLink = onLink;
    addEventListener("online", () => this.retry());
  }

  open(person) {
    this.#person = person;
    this.#connect();
  }

  retry() {
    if (this.#person && this.#socket?.readyState !== WebSocket.OPEN) this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    const old = this.#socket;
    this.#socket = null;
    old?.close();
    const socket = new WebSocket(`ws://${location.host}/page/api/socket?as=${encodeURIComponent(this.#person)}`);
    this.#socket = socket;
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      this.#delay = 400;
      this.onLink(true);
      this.onNews(JSON.parse(event.data));
    };
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      this.onLink(false);
      this.#timer = setTimeout(() => this.#connect(), this.#delay);
      this.#delay = Math.min(this.#delay * 1.7, 5000);
    };
  }
}
