import htmx from "htmx.org";
import { choices } from "./choice.js";
import { confirmations } from "./confirm.js";
import { copying } from "./copy.js";
import { counters } from "./counter.js";
import { disclosures } from "./disclosure.js";
import { guards } from "./dirty.js";
import { reading } from "./reading.js";
import { session } from "./session.js";
import { toasts } from "./toast.js";

// Our content security policy allows no code from text and no style elements.
Object.assign(htmx.config, { allowEval: false, includeIndicatorStyles: false, selfRequestsOnly: true, historyCacheSize: 0 });

const perPart = [counters, confirmations, choices, toasts, copying];
for (const start of [...perPart, guards, disclosures, reading, session]) start();

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) for (const start of perPart) start(event.detail.elt);
});
