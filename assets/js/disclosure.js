// Closes an open menu by Escape or by a click elsewhere; opening needs no script.
export function disclosures(root = document) {
  const open = () => root.querySelectorAll("details[data-menu][open]");
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
}
