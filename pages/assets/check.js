"use strict";

// Asks the endpoint as a client does, and tells what came. The credential goes there and nowhere else.
{
  const NEWEST = "2026-07-28";
  const OLDER = "2025-11-25";
  const CLIENT = { name: "toolwright-settings", version: "1.0.0" };

  class Refused extends Error {}

  // One request. An error is what is to be told.
  async function ask(path, secret, revision, method, parameters) {
    const isStateless = revision === NEWEST;
    const meta = {
      "io.modelcontextprotocol/protocolVersion": revision,
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": CLIENT,
    };
    const headers = {
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${secret}`,
      "Content-Type": "application/json",
      ...(method === "initialize" ? {} : { "MCP-Protocol-Version": revision }),
      ...(isStateless ? { "Mcp-Method": method } : {}),
    };
    const params = isStateless ? { ...parameters, _meta: meta } : parameters;
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    let answer;
    try {
      answer = await fetch(path, { method: "POST", headers, body, credentials: "omit", redirect: "error", cache: "no-store" });
    } catch {
      throw new Refused("The endpoint does not answer: the server may be down, or something on the way stops the request.");
    }
    const text = await answer.text();
    const message = parsed(answer, text);
    if (answer.ok && message?.result) {
      return message.result;
    }
    const said = message?.error?.message ?? "";
    switch (answer.status) {
      case 401:
        throw new Refused(`Refused (401): ${said || "the endpoint does not know this credential."}`);
      case 403:
        throw new Refused(`Refused (403): ${said || "the credential may not do this."}`);
      case 429:
        throw new Refused(`Too much (429): try again in ${answer.headers.get("Retry-After") ?? "a few"} seconds. ${said}`);
      default:
        return { refused: answer.status, said };
    }
  }

  // The message of an answer, which may be a stream of events with one in it.
  function parsed(answer, text) {
    const isStream = answer.headers.get("Content-Type")?.startsWith("text/event-stream");
    const lines = text.split(/\r?\n/).filter((line) => line.startsWith("data:"));
    try {
      return JSON.parse(isStream ? lines.map((line) => line.slice(5)).join("") : text);
    } catch {
      return null;
    }
  }

  // What is told of a connection: the newer way first, and the older one where it is refused.
  async function connected(path, secret) {
    let revision = NEWEST;
    let opened = await ask(path, secret, revision, "server/discover", {});
    let server = opened._meta?.["io.modelcontextprotocol/serverInfo"];
    if (opened.refused) {
      revision = OLDER;
      opened = await ask(path, secret, revision, "initialize", { protocolVersion: OLDER, capabilities: {}, clientInfo: CLIENT });
      server = opened.serverInfo;
    }
    if (opened.refused) {
      throw new Refused(`The endpoint is no MCP server, or one of another time (${opened.refused}). ${opened.said}`);
    }
    let count = 0;
    let cursor;
    do {
      const page = await ask(path, secret, revision, "tools/list", cursor ? { cursor } : {});
      if (page.refused) {
        throw new Refused(`Connected, but the tools could not be listed (${page.refused}). ${page.said}`);
      }
      count += page.tools.length;
      cursor = page.nextCursor;
    } while (cursor);
    const name = server?.title ?? server?.name ?? "the server";
    return `Connected to ${name} by revision ${revision} of the protocol: ${count} ${count === 1 ? "tool is" : "tools are"} listed.`;
  }

  async function check(part) {
    const [secret, button, outcome] = ["secret", "start", "outcome"].map((name) => part.querySelector(`[data-${name}]`));
    const tell = (kind, text) => {
      outcome.className = `outcome ${kind}`;
      outcome.textContent = text;
    };
    if (!secret.value.trim()) {
      tell("failed", "Paste a credential first.");
      secret.focus();
      return;
    }
    button.disabled = true;
    tell("", "Connecting…");
    try {
      tell("done", await connected(part.dataset.check, secret.value.trim()));
    } catch (error) {
      tell("failed", error instanceof Refused ? error.message.trim() : `The answer is not as it should be: ${error.message}`);
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-start]");
    if (button) {
      check(button.closest("[data-check]"));
    }
  });
  document.addEventListener("keydown", ({ key, target }) => {
    if (key === "Enter" && target.matches?.("input[data-secret]")) {
      check(target.closest("[data-check]"));
    }
  });
}
