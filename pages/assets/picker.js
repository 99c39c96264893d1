"use strict";

// Scopes on one side, tools on the other: ticking either shows the other at once. What is ticked by hand stays; the
// least scopes that the ticked tools need come and go with them.
{
  const form = document.querySelector("[data-picker]");
  const data = JSON.parse(document.getElementById("catalog").textContent);
  const scopes = [...form.querySelectorAll("[data-scope]")];
  const tools = [...form.querySelectorAll("[data-tool]")];
  const rows = [...form.querySelectorAll("[data-unlocks]")];
  const search = form.querySelector("[data-search]");
  const byHand = new Set(ticked(scopes));

  function ticked(boxes) {
    return boxes.filter((box) => box.checked).map((box) => Number(box.dataset.scope ?? box.dataset.tool));
  }

  function show() {
    const wanted = ticked(tools);
    const held = new Set([...byHand, ...Scopes.least(data, wanted, byHand)]);
    const wide = Scopes.widened(data, held);
    for (const box of scopes) {
      const scope = Number(box.dataset.scope);
      box.checked = held.has(scope);
      const by = [...held].find((other) => other !== scope && data.scopes[other].covers.includes(scope));
      const told = box.closest("li").querySelector("[data-covered]");
      told.hidden = by === undefined || box.checked;
      told.textContent = told.hidden ? "" : ` Covered by ${data.scopes[by].name}.`;
    }
    const open = new Set([...data.tools.keys()].filter((tool) => Scopes.unlocks(data, wide, tool)));
    for (const row of rows) {
      const standing = open.has(Number(row.dataset.unlocks)) ? "unlocked" : "locked";
      const isTold = held.size > 0 || wanted.length > 0;
      row.toggleAttribute("data-standing", isTold);
      if (isTold) {
        row.dataset.standing = standing;
      }
      row.querySelector(".standing").textContent = isTold ? standing : "";
    }
    const count = form.querySelector("[data-count]");
    count.textContent = `${open.size} of ${data.tools.length} tools unlocked`;
  }

  function find() {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
    }
    let found = 0;
    for (const group of form.querySelectorAll("[data-group]")) {
      const shown = group.querySelectorAll("[data-unlocks]:not([hidden])").length;
      group.hidden = shown === 0;
      found += shown;
    }
    form.querySelector("[data-found]").textContent = found === 0 ? "No tool has these words." : "";
  }

  form.addEventListener("change", ({ target }) => {
    if (target.dataset.scope !== undefined) {
      const scope = Number(target.dataset.scope);
      if (target.checked) {
        byHand.add(scope);
      } else {
        byHand.delete(scope);
        // What a ticked tool needs would come back at once: the tool goes with it.
        const left = new Set(ticked(scopes));
        for (const box of tools.filter((box) => box.checked)) {
          box.checked = Scopes.unlocks(data, left, Number(box.dataset.tool));
        }
      }
    }
    if (target.dataset.scope !== undefined || target.dataset.tool !== undefined) {
      show();
    }
  });

  if (search) {
    search.addEventListener("input", find);
    // The rows are filtered already: to send the form would only load the page again.
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
      }
    });
    if (search.value) {
      find();
    }
  }
  const choice = form.querySelector("details.choose");
  if (choice && matchMedia("(min-width: 60rem)").matches) {
    choice.open = true;
  }
  // A choice of a day is a choice of the day's kind.
  for (const day of form.querySelectorAll("input[type=date]")) {
    day.addEventListener("input", () => {
      form.querySelector("[name=lifetime][value=date]").checked = true;
    });
  }
  show();
}
