// A form with data-check="address" shows in #preview what it would do, a moment after the last change. Nothing is saved.
const PAUSE = 800;

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
    timer = setTimeout(show, PAUSE);
  });
  form.querySelector("[data-check-now]")?.addEventListener("click", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    show();
  });
}
