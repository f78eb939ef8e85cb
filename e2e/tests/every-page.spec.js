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
test("public pages", async ({ page }) => {
  test.setTimeout(150_000);
  await walk(page, "/", { within: publicPages, visit: () => examine(page, {}) });
});

test("public pages in elder mode", async ({ page }) => {
  test.setTimeout(150_000);
  await page.goto("/?mode=senior");
  await expect(page.locator("html")).toHaveAttribute("data-mode", "senior");
  await walk(page, "/", { within: publicPages, visit: () => examine(page, {}) });
});

// The three other themes; their further pages differ from the first in colour only.
for (const slug of ["zuzhibu", "yunling", "songlin"]) {
  test(`the looks of site ${slug}`, async ({ page }) => {
    test.setTimeout(150_000);
    for (const address of [`/s/${slug}`, `/s/${slug}/c/news`, `/s/${slug}/search?q=${encodeURIComponent("一")}`]) {
      await page.goto(address);
      await examine(page, {});
    }
  });
}

// Whoever reaches a part of the desk with most rights walks over it.
const parts = [
  ["clerk", "/desk/orgs", /^\/desk\/orgs\b/],
  ["clerk", "/desk/sites", /^\/desk\/sites\b/],
  ["songlin", "/my", /^\/(my\b|desk$)/],
  ["editor", "/desk/articles", /^\/desk\/articles\b/],
  ["reviewer", "/desk", /^\/desk(\/articles.*)?$/],
  ["sysadmin", "/desk/accounts", /^\/desk\/accounts\b/],
  ["secadmin", "/desk/accounts", /^\/desk\/accounts\b/],
  ["auditadmin", "/desk/audit", /^\/desk\/audit\b/],
];

for (const [name, start, within] of parts) {
  test(`${start} as ${name}`, async ({ page }) => {
    test.setTimeout(150_000);
    await signIn(page, name);
    await walk(page, start, { within, visit: () => examine(page, { schemes: true }) });
  });
}

test("sign-in and error pages", async ({ page, quiet }) => {
  quiet.allow(/status of 404/);
  for (const address of ["/sign-in", "/no-such-page", "/s/no-such-site"]) {
    await page.goto(address);
    await examine(page, { schemes: address === "/sign-in" });
  }
});
