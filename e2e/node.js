// Starts the real program on a folder of its own and a free port.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const binary = path.resolve(import.meta.dirname, "../bin/lianxin");

function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer().on("error", reject);
    s.listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

/**
 * Runs `lianxin command` until stop() is called. Returns its address once it
 * answers /readyz; `output()` is what it printed so far.
 */
export async function start(command) {
  const data = mkdtempSync(path.join(tmpdir(), "lianxin-e2e-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const child = spawn(binary, [command, "--data", data, "--listen", listen], { env: { ...process.env, LANG: "zh_CN.UTF-8" } });
  let printed = "";
  let ended = false;
  child.stdout.on("data", (b) => (printed += b));
  child.stderr.on("data", (b) => (printed += b));
  const exited = new Promise((resolve) => child.on("exit", () => ((ended = true), resolve())));

  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
    rmSync(data, { recursive: true, force: true });
  };
  const url = `http://${listen}`;
  const until = Date.now() + 60_000;
  for (;;) {
    if (ended) throw new Error(`lianxin ${command} ended:\n${printed}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return { url, data, stop, output: () => printed };
    if (Date.now() > until) {
      await stop();
      throw new Error(`lianxin ${command} is not ready after a minute:\n${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
