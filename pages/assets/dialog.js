"use strict";

// What is shown once is shown above all else, until it is put away.
for (const dialog of document.querySelectorAll("dialog[data-modal]")) {
  dialog.close();
  dialog.showModal();
  // Escape and Back are pressed by mistake, and what is shown cannot be shown again.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  // The page is the answer to a form: to load it again is to look, not to send the form again.
  history.replaceState(null, "", location.href);
}

// Browsers before 2025 know no `command`.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button[command='show-modal']");
    if (button) {
      document.getElementById(button.getAttribute("commandfor")).showModal();
    }
  });
}
