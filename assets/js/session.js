// Warns two minutes before a sign-in ends and prolongs it by one click.
// [data-session-seconds] holds what is left when the page is sent.
export function session(root = document) {
  const box = root.querySelector("[data-session-seconds]");
  if (!box) return;
  let timer;
  const arm = (seconds) => {
    if (!(seconds > 0)) return;
    box.hidden = true;
    clearTimeout(timer);
    timer = setTimeout(() => { box.hidden = false; }, Math.max(seconds - 120, 20) * 1000);
  };
  box.querySelector("[data-session-extend]")?.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(box.dataset.sessionUrl, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) arm((await answer.json()).seconds);
    else box.querySelector("[data-session-lost]")?.removeAttribute("hidden");
  });
  arm(Number(box.dataset.sessionSeconds));
}
