// The first day of a county: from an empty folder to a resident who finds and
// reads the first article on a phone. It has a node of its own.
import { test as base, expect, fill, signIn } from "../test.js";
import { start } from "../node.js";
import { workbook } from "../xlsx.js";

const test = base.extend({
  node: [
    async ({}, use) => {
      const node = await start("serve");
      await use(node);
      await node.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ node }, use) => use(node.url),
});

const secrets = {
  sys: "green-tea-and-rain-1",
  sec: "nine-ferries-at-dawn-2",
  audit: "a-ledger-kept-open-3",
  clerk: "the-mill-stone-turns-4",
  reviewer: "two-wells-one-bridge-5",
};

async function setUp(page, node) {
  const link = node.output().match(/http\S+\/setup\?token=\S+/);
  expect(link, "the first start prints a link").toBeTruthy();
  await page.goto(link[0]);
  await fill(page, { node_name: "白石县党建网", org_name: "中共白石县委员会", org_code: "BS" });
  const people = { sys: "程系统", sec: "严安全", audit: "简审计", clerk: "苏小溪", reviewer: "柏明辨" };
  for (const [seat, display] of Object.entries(people)) {
    await fill(page, { [`${seat}_display_name`]: display, [`${seat}_name`]: seat, [`${seat}_password`]: secrets[seat], [`${seat}_password_again`]: secrets[seat] });
  }
  await page.locator("main form").getByRole("button").last().click();
  await expect(page).toHaveURL(/sign-in/);
}

test("a county opens its first site in a morning", async ({ page, node, browser, quiet }) => {
  test.setTimeout(90_000);
  await test.step("set up by the one-time link", () => setUp(page, node));
});
