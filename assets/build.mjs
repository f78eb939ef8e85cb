// Builds the styles, scripts, icons and drawings into the folder that Go embeds.
// Every file carries a hash of its content; manifest.json maps plain names to them.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { existsSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../internal/platform/web/dist");
const themes = join(here, "../themes");
const icons = join(here, "node_modules/@tabler/icons/icons");
const target = ["chrome87", "firefox78", "safari15"];

let manifest;

async function emit(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const file = name.replace(/(\.[a-z]+)$/, `.${hash}$1`);
  await writeFile(join(out, file), content);
  manifest[name] = file;
}

async function style(name) {
  const { css } = sass.compile(join(here, `scss/${name}.scss`), { loadPaths: [join(here, "node_modules")], style: "expanded" });
  const small = await esbuild.transform(css, { loader: "css", minify: true, target });
  await emit(`${name}.css`, small.code);
}

async function scripts(names, options) {
  const result = await esbuild.build({
    entryPoints: names.map((name) => join(here, `js/${name}.js`)),
    bundle: true, minify: true, write: false, outdir: out, target,
    legalComments: "none", charset: "utf8", chunkNames: "[name].[hash]", logLevel: "warning",
    ...options,
  });
  for (const file of result.outputFiles) {
    const name = file.path.slice(out.length + 1);
    if (names.includes(name.replace(/\.js$/, ""))) await emit(name, file.text);
    else await writeFile(file.path, file.text);
  }
}

// One sprite of the few Tabler icons that are used; icons.json maps our names to theirs.
async function sprite() {
  const names = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
  let symbols = "";
  for (const [name, source] of Object.entries(names)) {
    const svg = await readFile(join(icons, `outline/${source}.svg`), "utf8");
    const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    symbols += `<symbol id="${name}" viewBox="0 0 24 24">${squeeze(shapes)}</symbol>`;
  }
  await emit("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols}</svg>`);
}

const squeeze = (svg) => svg.replace(/<!--.*?-->/gs, "").replace(/\s+/g, " ").replace(/> </g, "><").trim();

async function drawings() {
  for (const file of await readdir(join(here, "drawings"))) {
    if (file.endsWith(".svg")) await emit(file, squeeze(await readFile(join(here, "drawings", file), "utf8")));
  }
  for (const file of existsSync(themes) ? await readdir(themes) : []) {
    if (file.endsWith(".svg")) await emit(`theme-${file}`, squeeze(await readFile(join(themes, file), "utf8")));
  }
}

async function clear() {
  await mkdir(out, { recursive: true });
  for (const file of await readdir(out)) if (file !== ".keep") await rm(join(out, file));
}

async function build() {
  manifest = {};
  await clear();
  await Promise.all([
    style("public"), style("desk"), style("editor"),
    scripts(["public", "desk"], { format: "iife" }),
    scripts(["editor"], { format: "esm", splitting: true }),
    sprite(), drawings(),
  ]);
  const sorted = Object.fromEntries(Object.entries(manifest).sort());
  await writeFile(join(out, "manifest.json"), JSON.stringify(sorted, null, 1) + "\n");
  return sorted;
}

async function report(files) {
  for (const file of Object.values(files)) {
    const { size } = await stat(join(out, file));
    if (!file.endsWith(".svg")) console.log(`${String(Math.ceil(size / 1024)).padStart(5)} KB  ${file}`);
  }
}

await report(await build());

if (process.argv.includes("--watch")) {
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => build().then(() => console.log("built"), (e) => console.error(String(e.message ?? e))), 80);
  };
  for (const dir of [join(here, "scss"), join(here, "js"), join(here, "drawings"), themes]) watch(dir, { recursive: true }, again);
}
