// What is written in a form is kept and looked at while it is written.
// With data-draft="address" it is posted there two seconds after the last change. What could not be posted stays on
// this device and comes back when the page is opened again.
// With data-check="address" it shows in #preview what it would do, a moment after the last change. Nothing is saved.
const PAUSE = 2000, GLANCE = 800;
const DAYS = 7;

const place = (form) => `draft:${form.dataset.draft}`;
const written = (form) => [...new FormData(form)].filter(([name, value]) => {
  const field = form.elements[name];
  return typeof value === "string" && (field instanceof RadioNodeList || field.type !== "hidden" || "value" in field.dataset);
});

function remember(form) {
  try { localStorage.setItem(place(form), JSON.stringify({ at: Date.now(), fields: written(form) })); } catch { /* full or forbidden: the server copy remains */ }
}

function restore(form) {
  const kept = JSON.parse(localStorage.getItem(place(form)) ?? "null");
  if (!kept || Date.now() - kept.at > DAYS * 86400000) return false;
  for (const field of form.querySelectorAll("input:not([type=hidden]), input[data-value], textarea, select")) {
    const values = kept.fields.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
    else if (field.type !== "file" && values.length) field.value = values[0];
  }
  form.dispatchEvent(new Event("draft:restored", { bubbles: true }));
  return true;
}

export function keep(form, say) {
  let timer = 0, changed = false, sending = false, changes = 0;
  const shown = form.querySelector("[data-saved]") ?? document.querySelector("[data-saved]:not(#status)");
  const save = async () => {
    if (sending) return;
    const said = changes;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), redirect: "manual" });
      if (!answer.ok) return say(answer.status === 413 ? "long" : "refused");
      // What was changed while this was on its way is still to be said.
      if (said === changes) {
        localStorage.removeItem(place(form));
        changed = false;
      }
      say("nothing");
      const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      if (shown) shown.textContent = `${document.getElementById("status").dataset.saved} ${time}`;
    } catch { say("offline"); }
  };
  if (restore(form)) { say("restored"); changed = true; timer = setTimeout(save, PAUSE); }
  form.addEventListener("input", () => {
    changed = true;
    changes += 1;
    remember(form);
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  form.addEventListener("submit", () => { sending = true; clearTimeout(timer); });
  addEventListener("online", () => { if (changed) save(); });
  addEventListener("pagehide", () => { if (changed && !sending) navigator.sendBeacon(form.dataset.draft, new FormData(form)); });
}

export function check(form) {
  let timer = 0, asked = new AbortController();
  const said = form.querySelector("[data-working]");
  // What draws a kind of answer is loaded already, and is asked to draw what a new preview shows.
  const draw = () => document.querySelectorAll("script[data-kind]").forEach(async (one) => (await import(one.src)).drawAll());
  const show = async () => {
    const preview = document.getElementById("preview");
    asked.abort();
    asked = new AbortController();
    preview.setAttribute("aria-busy", "true");
    if (said) said.textContent = said.dataset.working;
    try {
      const answer = await fetch(form.dataset.check, { method: "POST", body: new FormData(form), signal: asked.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      preview.replaceWith(page.getElementById("preview") ?? preview);
      if ("draws" in preview.dataset) draw();
      if (said) said.textContent = said.dataset.done;
    } catch (error) {
      if (said && error.name !== "AbortError") said.textContent = "";
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, GLANCE);
  });
  form.querySelector("[data-check-now]")?.addEventListener("click", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    show();
  });
}
