// What holds for every page of every kind: no accessibility fault, nothing
// wider than a 320 px window, a title, one main heading, no console error.
import { test, expect, signIn, expectAccessible, expectContrast, expectNoSideScroll } from "../test.js";
import { walk } from "../walk.js";

const narrow = { width: 320, height: 640 };
const wide = { width: 1280, height: 900 };

async function examine(page, { schemes }) {
  await expect.soft(page).toHaveTitle(/\S/);
  expect.soft(await page.locator("h1").count(), `one h1 on ${page.url()}`).toBe(1);
  await expectAccessible(page);
  if (schemes) {
    await page.evaluate(() => (document.documentElement.dataset.scheme = "dark"));
    await expectContrast(page);
  }
  await page.setViewportSize(narrow);
  await expectNoSideScroll(page);
  await page.setViewportSize(wide);
}

const publicPages = /^\/(?!desk|my|sign-in|setup)/;
const deskPages = /^\/(desk|my)\b/;

test("public pages", async ({ page }) => {
  test.setTimeout(90_000);
  await walk(page, "/", { within: publicPages, visit: () => examine(page, {}) });
});

test("public pages in elder mode", async ({ page }) => {
  test.setTimeout(90_000);
  await page.goto("/?mode=senior");
  await expect(page.locator("html")).toHaveAttribute("data-mode", "senior");
  await walk(page, "/", { within: publicPages, visit: () => examine(page, {}) });
});

for (const slug of ["zuzhibu", "yunling", "songlin"]) {
  test(`the looks of site ${slug}`, async ({ page }) => {
    await walk(page, `/s/${slug}`, { within: new RegExp(`^/s/${slug}\\b`), visit: () => examine(page, {}) });
  });
}

// The administrators see pages that the others don't; each kind is examined
// with the first of the list who reaches it.
for (const names of [["clerk", "editor"], ["reviewer", "sysadmin"], ["secadmin", "auditadmin"]]) {
  test(`desk of ${names.join(" and ")}`, async ({ browser, quiet }) => {
    test.setTimeout(120_000);
    const seen = new Set();
    for (const name of names) {
      const context = await quiet.watch(await browser.newContext({ baseURL: process.env.DEMO_URL, viewport: wide }));
      const page = await context.newPage();
      await signIn(page, name);
      await walk(page, "/desk", { within: deskPages, seen, visit: () => examine(page, { schemes: true }) });
      await context.close();
    }
  });
}

test("sign-in and error pages", async ({ page, quiet }) => {
  quiet.allow(/status of 404/);
  for (const address of ["/sign-in", "/no-such-page", "/s/no-such-site"]) {
    await page.goto(address);
    await examine(page, { schemes: address === "/sign-in" });
  }
});
