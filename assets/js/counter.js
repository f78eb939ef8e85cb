// Counts characters as a person does: [data-counter] names the field it watches.
const length = (text) => [...text].length;

export function counters(root = document) {
  for (const out of root.querySelectorAll("[data-counter]")) {
    const field = root.querySelector(`[name="${CSS.escape(out.dataset.counter)}"]`);
    if (!field) continue;
    const max = Number(out.dataset.max);
    const show = () => {
      const n = length(field.value);
      out.textContent = `${n} / ${max}`;
      out.toggleAttribute("data-over", n > max);
    };
    field.addEventListener("input", show);
    show();
  }
}
