// The first day of a county: from an empty folder to a resident who finds and
// reads the first article on a phone. It has a node of its own.
import { test as base, expect, expectNoSideScroll, fill, signIn } from "../test.js";
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

const heads = ["编码", "名称", "类型", "层级", "上级编码", "党员人数", "正式党员数", "书记"];
const orgs = [
  ["BS01", "中共白石县青瓦镇委员会", "党委", "乡镇", "BS", "140", "132", "林望山"],
  ["BS0101", "中共白石县青瓦镇梨花村支部委员会", "党支部", "村", "BS01", "38", "36", "周知秋"],
  ["BS0102", "中共白石县青瓦镇石桥村支部委员会", "党支部", "村", "BS01", "27", "26", "沈听泉"],
];

async function upload(page, rows) {
  await page.goto("/desk/orgs/import");
  const mimeType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  await page.locator("[name=file]").setInputFiles({ name: "组织.xlsx", mimeType, buffer: workbook([heads, ...rows]) });
  await page.locator("form[action='/desk/orgs/import'] button").click();
}

async function importOrganisations(page) {
  await upload(page, [...orgs, ["BS0102", "又一个石桥村", "党支部", "村", "BS01", "", "", ""], ["BS0103", "没有上级的村", "党支部", "村", "BS99", "", "", ""]]);
  await expect(page.locator("table")).toContainText("BS0102");
  await expect(page.locator("table")).toContainText("BS99");
  await expect(page.locator("form[action^='/desk/orgs/import/uploads/']")).toHaveCount(0);

  await upload(page, orgs);
  await page.locator("form[action^='/desk/orgs/import/uploads/'] button").click();
  await page.goto("/desk/orgs?q=" + encodeURIComponent("梨花村"));
  await expect(page.getByRole("link", { name: /梨花村/ })).toBeVisible();
}

const site = { name: "梨花村党支部", slug: "lihua", responsible: "周知秋", phone: "000-0000000" };
const title = "梨花村党支部网站今天开通";
const text = "从今天起，村里的账、要开的会、定下的事，都在这里看得见。有话想说，请到村部二楼的意见箱，五天内有人回答。";

async function makeSite(page) {
  await page.goto("/desk/sites/new?q=" + encodeURIComponent("梨花村"));
  await page.getByRole("link", { name: /梨花村/ }).click();
  await page.locator("[name=template][value=branch]").check();
  await fill(page, site);
  await page.locator("form[action='/desk/sites']").getByRole("button").click();
  await expect(page).toHaveURL(/\/desk\/sites\/\d+/);
  await expect(page.locator("form[action$='/opening'] button"), "what is missing keeps it closed").toBeDisabled();
  return page.url();
}

async function write(page) {
  await page.goto("/desk/articles/new");
  await page.locator(".jodit-wysiwyg").fill(text);
  await fill(page, { title, issuer: "中共白石县青瓦镇梨花村支部委员会", editor: "苏小溪" });
  await page.locator("select[name=column]").selectOption({ label: "通知公告" });
  await page.locator("form.article-form .btn-primary").click();
  await expect(page).toHaveURL(/\/desk\/articles\/\d+$/);
  await page.locator("[name=no_secret]").check();
  await fill(page, { basis: "支部大会决定公开" });
  await page.locator("[name=personal_data][value=no]").check();
  await page.locator("form[action$='/submissions'] .btn-primary").click();
  await expect(page.locator("form[action$='/reviews']"), "nobody publishes the own text").toHaveCount(0);
}

async function review(page) {
  await page.goto("/desk/articles?state=in-review");
  await page.getByRole("link", { name: title }).click();
  await page.locator("[name=decision][value=publish]").click();
  await expect(page.locator("form[action$='/reviews']")).toHaveCount(0);
}

async function findAndRead(page) {
  await page.goto("/s/lihua");
  await expect(page.getByRole("link", { name: title }).first()).toBeVisible();
  await page.goto("/s/lihua/search?q=" + encodeURIComponent("意见箱"));
  await expectNoSideScroll(page);
  await page.getByRole("link", { name: title }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
  await expect(page.locator("main")).toContainText("五天内有人回答");
  await expectNoSideScroll(page);
}

test("a county opens its first site in a morning", async ({ page, node, browser, quiet }) => {
  test.setTimeout(90_000);
  quiet.allow(/status of 422/);
  // The editor's library writes style attributes, which the policy refuses.
  quiet.allow(/editor\.[0-9a-f]+\.js|style-src-attr/);
  const person = async (options = {}) => (await quiet.watch(await browser.newContext({ baseURL: node.url, ...options }))).newPage();

  await test.step("set up by the one-time link", () => setUp(page, node));
  await signIn(page, "clerk", secrets.clerk);
  await test.step("import organisations", () => importOrganisations(page));
  const siteURL = await test.step("make a site", () => makeSite(page));
  await test.step("write and hand in", () => write(page));

  const reviewer = await person();
  await signIn(reviewer, "reviewer", secrets.reviewer);
  await test.step("a second person publishes", () => review(reviewer));

  await test.step("open the site", async () => {
    await page.goto(siteURL);
    await page.locator("form[action$='/opening'] button").click();
    await expect(page.locator("form[action$='/opening']")).toHaveCount(0);
  });
  const phone = await person({ viewport: { width: 360, height: 740 }, isMobile: true, javaScriptEnabled: false });
  await test.step("find and read it on a phone, without script", () => findAndRead(phone));
});
