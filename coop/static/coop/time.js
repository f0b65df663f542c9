// A form with data-time="address" says there once a minute for how many seconds the page was seen and used, and
// nothing else: no keys, no movements. What could not be said for want of a connection is said after it is back.
const MINUTE = 60000;
const USE = ["pointerdown", "pointermove", "keydown", "input", "scroll", "timeupdate"];

export function measure(form) {
  const spans = [];
  let used = false, last = performance.now(), saying = false;
  USE.forEach((kind) => addEventListener(kind, () => { used = true; }, { capture: true, passive: true }));
  const look = () => {
    const now = performance.now(), latest = spans.at(-1);
    if (used && latest?.until >= last) latest.until = now;
    else if (used) spans.push({ from: Math.max(last, now - MINUTE), until: now });
    used = false;
    last = now;
  };
  const say = async () => {
    if (!spans.length || saying) return;
    saying = true;
    const { from, until } = spans[0];
    const seconds = Math.round((until - from) / 1000), ago = Math.round((performance.now() - until) / 1000);
    const body = new URLSearchParams({ seconds, ago, csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    try {
      const answer = await fetch(form.dataset.time, { method: "POST", body, redirect: "manual" });
      if (!answer.ok) clearInterval(timer);
      if (spans[0].until > until) spans[0].from = until;
      else spans.shift();
    } catch { /* no connection: said next time */ }
    saying = false;
  };
  const timer = setInterval(() => { if (!document.hidden) look(); say(); }, MINUTE);
  document.addEventListener("visibilitychange", () => { if (document.hidden) look(); else last = performance.now(); });
}
