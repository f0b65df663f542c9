// A form with data-draft="address" is posted there two seconds after the last change.
// What could not be posted stays on this device and comes back when the page is opened again.
const PAUSE = 2000;
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
