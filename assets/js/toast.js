// A toast stays long enough to be read and waits while it is looked at.
export function toasts(root = document) {
  for (const toast of root.querySelectorAll("[data-toast]")) {
    const close = () => toast.remove();
    let timer;
    const start = () => { timer = setTimeout(close, 10_000); };
    const stop = () => clearTimeout(timer);
    toast.querySelector("[data-toast-close]")?.addEventListener("click", close);
    toast.addEventListener("mouseenter", stop);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("focusout", start);
    start();
  }
}
