// One demo county for all tests that only look; tests that change much start
// a node of their own (see node.js).
import { start } from "./node.js";

export default async function () {
  const node = await start("demo");
  process.env.DEMO_URL = node.url;
  return node.stop;
}
