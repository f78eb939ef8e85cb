// The size of the running text, remembered in this browser.
const sizes = ["", "large", "larger"];

export function reading(root = document) {
  const buttons = root.querySelectorAll("[data-text-size]");
  if (!buttons.length) return;
  const set = (size) => {
    document.documentElement.dataset.size = size;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.textSize === size));
  };
  const known = (size) => (sizes.includes(size) ? size : "");
  let stored = "";
  try { stored = localStorage.getItem("text-size") ?? ""; } catch { /* storage may be off */ }
  set(known(stored));
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => {
      set(known(button.dataset.textSize));
      try { localStorage.setItem("text-size", button.dataset.textSize); } catch { /* the size holds for this page */ }
    });
  }
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}
