// Drafts that survive a lost connection, keys for the hand, the status line. Every page works without this file.
import { listen } from "./keys.js";
import { measure } from "./time.js";
import { check, keep } from "./writing.js";

const status = document.getElementById("status");
const say = (name) => { status.textContent = status.dataset[name] ?? ""; };

document.querySelector(".problems")?.focus();
document.querySelectorAll("form[data-draft]").forEach((form) => keep(form, say));
document.querySelectorAll("form[data-time]").forEach(measure);
document.querySelectorAll("form[data-check]").forEach(check);
document.querySelectorAll("form[data-keys]").forEach(listen);
document.querySelector("form[data-forget]")?.addEventListener("submit", () => localStorage.clear());
addEventListener("offline", () => say("offline"));
addEventListener("online", () => say("online"));
