"use strict";

// While a name is written, the snippets under it are fetched: only the server makes them.
{
  const form = document.querySelector("[data-live]");
  let latest = 0;
  let timer;

  async function show() {
    const query = new URLSearchParams(new FormData(form));
    const url = `${form.action}?${query}`;
    const turn = ++latest;
    const text = await fetch(url, { headers: { Accept: "text/html" } })
      .then((answer) => (answer.redirected || !answer.ok ? undefined : answer.text()))
      .catch(() => undefined);
    if (turn !== latest) {
      return;
    }
    if (text === undefined) {
      // Such as when the session has ended. A sign-in on another origin cannot be fetched at all.
      location.assign(url);
      return;
    }
    const made = new DOMParser().parseFromString(text, "text/html");
    for (const id of ["name-fault", "account-fault"]) {
      document.getElementById(id)?.replaceChildren(made.getElementById(id).textContent);
    }
    for (const field of form.querySelectorAll("input")) {
      field.ariaInvalid = made.getElementById(field.id).ariaInvalid;
    }
    document.getElementById("check").dataset.check = made.getElementById("check").dataset.check;
    // The tabs stay, with the focus that they may have.
    const parts = "#export, #snippets .panel";
    const fresh = made.querySelectorAll(parts);
    document.querySelectorAll(parts).forEach((part, place) => {
      part.replaceChildren(...fresh[place].childNodes);
    });
    history.replaceState(null, "", url);
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 200);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  // The tabs are fields of the form, wherever they stand.
  document.addEventListener("change", ({ target }) => {
    if (target.form === form && target.name === "client") {
      show();
    }
  });
}
