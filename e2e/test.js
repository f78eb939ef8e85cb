// The `test` of this folder: Playwright's, with pages that report whatever a
// careful visitor with the console open would see.
import { test as base, expect } from "@playwright/test";
import AxeBuilder from "@axe-core/playwright";

export { expect };

export const test = base.extend({
  baseURL: async ({}, use) => use(process.env.DEMO_URL),

  // Every test fails on console errors, CSP violations and server faults that
  // it does not expect. quiet.allow(/…/) expects one; contexts that a test makes
  // itself are watched when it hands them to quiet.watch.
  quiet: [
    async ({ context }, use) => {
      const faults = [];
      const allowed = [];
      const note = (text) => faults.push(text);
      await watch(context, note);
      await use({ watch: (c) => watch(c, note), allow: (pattern) => allowed.push(pattern) });
      expect(faults.filter((f) => !allowed.some((p) => p.test(f)))).toEqual([]);
    },
    { auto: true },
  ],
});

async function watch(context, note) {
  context.on("console", (m) => m.type() === "error" && note(`console: ${m.text()} (${m.location().url})`));
  context.on("weberror", (e) => note(`script: ${e.error()}`));
  context.on("response", (r) => r.status() >= 500 && note(`${r.status()}: ${r.url()}`));
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`)),
  );
  return context;
}

// A refused form answers 422, a missing page 404; Chromium logs both as errors.
export const refusal = /console: Failed to load resource: the server responded with a status of (401|403|404|409|413|422|429)/;

export const password = "qingshan-demo-2026";

/** Fills the fields of a form by their names. */
export async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) await page.locator(`[name="${name}"]`).fill(value);
}

export async function signIn(page, name, secret = password) {
  await page.goto("/sign-in");
  await fill(page, { name, password: secret });
  await page.getByRole("button", { name: "登录" }).click();
  await expect(page).not.toHaveURL(/sign-in/);
}

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];

/** Finds no accessibility fault on the page as it stands. */
export async function expectAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  const told = violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} — ${n.failureSummary?.split("\n")[1]?.trim()}`));
  expect.soft(told, page.url()).toEqual([]);
}

/** Finds no text that is too faint, for a second look of a page that was checked. */
export async function expectContrast(page) {
  const { violations } = await new AxeBuilder({ page }).withRules(["color-contrast"]).analyze();
  const told = violations.flatMap((v) => v.nodes.map((n) => `dark: ${n.target.join(" ")} — ${n.failureSummary?.split("\n")[1]?.trim()}`));
  expect.soft(told, page.url()).toEqual([]);
}

/** Finds nothing wider than the window. */
export async function expectNoSideScroll(page) {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
      .filter((e) => e.getBoundingClientRect().right > width + 1)
      .slice(0, 5)
      .map((e) => e.outerHTML.slice(0, 120));
  });
  expect.soft(wide, page.url()).toEqual([]);
}
