// What can be done without a mouse, without script, and on paper.
import { test, expect, fill, password, signIn, expectNoSideScroll } from "../test.js";

/** Presses Tab until the element in focus fits; fails after so many. */
async function tabTo(page, fits, most = 60) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(fits)) return;
  }
  throw new Error(`not reached by ${most} tabs on ${page.url()}`);
}

/** Fails when the element in focus has no visible sign of it. */
async function expectVisibleFocus(page) {
  const shown = await page.evaluate(() => {
    const s = getComputedStyle(document.activeElement);
    return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
  });
  expect(shown, "focus is visible").toBe(true);
}

test("sign-in and the desk by keyboard alone", async ({ page }) => {
  await page.goto("/sign-in");
  await tabTo(page, () => document.activeElement.name === "name");
  await expectVisibleFocus(page);
  await page.keyboard.type("clerk");
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/desk/);

  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement.getAttribute("href"))).toBe("#main");
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();

  await page.goto("/desk");
  await tabTo(page, () => document.activeElement.matches(".desk-nav a[href='/desk/orgs']"));
  await expectVisibleFocus(page);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/desk\/orgs/);
});

test("the menu of a site by keyboard", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();
  await page.goto("/");
  await tabTo(page, () => /\/c\/notices$/.test(document.activeElement.href ?? ""));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("通知公告");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("reading and searching", async ({ page }) => {
    await page.goto("/");
    await page.getByRole("link", { name: /群众来信七个工作日内必答/ }).first().click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("七个工作日内必答");
    await page.goto("/s/qingshan/search?q=" + encodeURIComponent("小微权力"));
    await expect(page.locator("#main")).toContainText("三张清单管住");
  });

  test("language and elder mode", async ({ page }) => {
    await page.goto("/");
    await page.getByRole("link", { name: "长辈版" }).first().click();
    await expect(page.locator("html")).toHaveAttribute("data-mode", "senior");
    await page.getByRole("link", { name: "EN", exact: true }).first().click();
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
  });

  test("signing in and out", async ({ page }) => {
    await signIn(page, "editor");
    await page.locator("form[action='/sign-out'] button").click();
    await expect(page).toHaveURL(/sign-in/);
  });
});

test("at 200 % zoom nothing is cut off", async ({ page }) => {
  // 1280 px at 200 % are 640 CSS pixels.
  await page.setViewportSize({ width: 640, height: 450 });
  for (const address of ["/", "/s/qingshan/c/news", "/sign-in"]) {
    await page.goto(address);
    await expectNoSideScroll(page);
  }
});

test("an article prints as an article", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: /群众来信七个工作日内必答/ }).first().click();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const navigation = page.locator("header nav, footer nav, .no-print");
  for (const part of await navigation.all()) await expect(part).toBeHidden();
});

test("a wrong password says so and keeps the name", async ({ page, quiet }) => {
  quiet.allow(/status of 422/);
  await page.goto("/sign-in");
  await fill(page, { name: "inspector", password: "not-the-password" });
  await page.getByRole("button", { name: "登录" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.locator("[name=name]")).toHaveValue("inspector");
  await expect(page.locator("[name=password]")).toHaveValue("");
});
