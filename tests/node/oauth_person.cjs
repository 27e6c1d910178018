// A person with a browser, by plain HTTP: logs in, decides, and ends at a callback or a last page.
"use strict";
const { pathToFileURL } = require("node:url");

const attribute = (tag, name) => {
  const found = new RegExp(`${name}="([^"]*)"`).exec(tag);
  return found && found[1].replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&");
};

// The address that the last redirection leads to, or the text of the last page.
exports.visit = async (start, { user = "alice", password = "correct horse", decision = "approve" } = {}) => {
  const own = new URL(start).origin, jar = new Map();
  let url = String(start), body;
  for (let turn = 0; turn < 12; turn += 1) {
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(";"), at = pair.indexOf("=");
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    body = undefined;
    if (answer.headers.has("location")) {
      url = new URL(answer.headers.get("location"), url).href;
      if (new URL(url).origin !== own) return url;
      continue;
    }
    const page = await answer.text();
    const form = /<form method="post" action="([^"]*)"/.exec(page);
    if (!form) return page;
    body = new URLSearchParams();
    for (const [tag] of page.matchAll(/<input [^>]*>/g)) {
      const name = attribute(tag, "name");
      body.append(name, { username: user, password }[name] ?? attribute(tag, "value") ?? "");
    }
    body.append("decision", decision);
    url = new URL(form[1], url).href;
  }
  throw new Error("the forms lead nowhere");
};

// NODE_PATH counts for require alone, and these libraries are modules of the newer kind.
exports.load = (name) => import(pathToFileURL(require.resolve(name)).href);

// What a promise is rejected with, as OAuth's error code.
exports.refused = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error.error ?? error.cause?.[0]?.parameters?.error ?? error.code ?? String(error);
  }
  return "";
};
