// Copies what is shown once, such as a token; [data-copy] names the element.
export function copying(root = document) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = root.querySelector(`[data-copy-source="${CSS.escape(button.dataset.copy)}"]`);
      await navigator.clipboard.writeText(source.textContent.trim());
      button.dataset.done = "";
      button.querySelector("[data-copied]")?.removeAttribute("hidden");
    });
  }
}
