// Asks before a half-written form is left; [data-guard] marks the form.
export function guards(root = document) {
  for (const form of root.querySelectorAll("form[data-guard]")) {
    let dirty = form.dataset.guard === "dirty"; // came back with faults
    form.addEventListener("input", () => { dirty = true; });
    form.addEventListener("submit", () => { dirty = false; });
    addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  }
}
