import { choices } from "./choice.js";
import { confirmations } from "./confirm.js";
import { counters } from "./counter.js";
import { disclosures } from "./disclosure.js";
import { guards } from "./dirty.js";
import { reading } from "./reading.js";
import { toasts } from "./toast.js";

for (const start of [counters, confirmations, toasts, guards, disclosures, choices, reading]) start();
