// Shows which card of a group of radio buttons is chosen, also where CSS can't.
export function choices(root = document) {
  for (const group of root.querySelectorAll(".choice-cards")) {
    const show = () => {
      for (const card of group.querySelectorAll(".choice-card")) {
        card.classList.toggle("is-chosen", card.querySelector("input")?.checked ?? false);
      }
    };
    group.addEventListener("change", show);
    show();
  }
}
