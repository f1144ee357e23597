// The API as the page uses it: JSON in and out, and a refusal is an error whose message is the API's own sentence.

export class Refusal extends Error {
  constructor(problem, status) {
    super(problem.detail ?? "the page did not answer: try again in a moment");
    this.status = status;
    this.problem = problem;
  }
}

export async function ask(method, path, body, { headers = {}, ...more } = {}) {
  const sent = method === "GET" ? {} : { body: JSON.stringify(body ?? {}), headers: { "Content-Type": "application/json", ...headers } };
  const answer = await fetch(path, { method, headers, ...sent, ...more });
  const text = await answer.text();
  const told = text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : {};
  if (!answer.ok) throw new Refusal(told, answer.status);
  return told;
}

export const get = (path) => ask("GET", path);
export const post = (path, body, more) => ask("POST", path, body, more);
export const put = (path, body, more) => ask("PUT", path, body, more);
