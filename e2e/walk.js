// Walks over one page of every kind that can be reached by links.
import { expect } from "./test.js";

// Parameters that lead to another kind of page; the others only filter a list.
const choosing = ["org", "site"];

/** What kind of page an address leads to: the same for all articles. */
export function kindOf(url) {
  const { pathname, searchParams } = new URL(url);
  const query = choosing.filter((name) => searchParams.has(name)).map((name) => `?${name}`);
  return (pathname + query.join(""))
    .replace(/\/s\/[^/]+/, "/s/{site}")
    .replace(/\/c\/[^/]+/, "/c/{column}")
    .replace(/\/[0-9a-f]{64}\b/g, "/{hash}")
    .replace(/\/\d+(?=[/?]|$)/g, "/{id}");
}

const notPages = /^\/(files|assets|api|metrics|healthz|readyz)\b|\.(xlsx|csv|txt|xml|atom|json|png|ics)$|\/sign-out$|^\/my\/session$/;

/** Links of the page as it stands, to pages on the same node, without filters. */
async function links(page) {
  const origin = new URL(page.url()).origin;
  const hrefs = await page.$$eval("a[href]", (as) => as.filter((a) => !a.hasAttribute("download")).map((a) => a.href));
  return hrefs
    .filter((h) => h.startsWith(origin + "/") && !notPages.test(new URL(h).pathname))
    .map((h) => (choosing.some((name) => new URL(h).searchParams.has(name)) ? h : origin + new URL(h).pathname));
}

/**
 * Visits one page of each kind below `start` and calls visit(kind) on it.
 * `seen` may be shared between walks, so that each kind is visited once.
 */
export async function walk(page, start, { within, seen = new Set(), visit }) {
  const queue = [new URL(start, process.env.DEMO_URL).href];
  while (queue.length) {
    const url = queue.shift();
    const kind = kindOf(url);
    if (seen.has(kind)) continue;
    seen.add(kind);
    const answer = await page.goto(url);
    expect.soft(answer.status(), url).toBeLessThan(400);
    if (!answer.ok()) continue;
    await visit(kind);
    for (const next of await links(page)) {
      if (within.test(new URL(next).pathname) && !seen.has(kindOf(next))) queue.push(next);
    }
  }
  return seen;
}
