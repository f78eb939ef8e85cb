// Unlocks a button only when the name was typed: the server checks it again.
export function confirmations(root = document) {
  for (const input of root.querySelectorAll("[data-confirm-word]")) {
    const button = input.form?.querySelector("[data-confirm-button]");
    if (!button) continue;
    const check = () => { button.disabled = input.value.trim() !== input.dataset.confirmWord; };
    input.addEventListener("input", check);
    check();
  }
}
