"use strict";

// A button copies the code beside it, and says so for a moment. It listens on the document, since parts are replaced.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) {
    return;
  }
  const code = button.closest(".code").querySelector("code");
  const word = button.firstChild;
  try {
    await navigator.clipboard.writeText(code.textContent);
    word.textContent = "Copied";
  } catch {
    // Without a secure context there is no clipboard: what is selected can be copied by hand.
    getSelection().selectAllChildren(code);
    word.textContent = "Selected";
  }
  setTimeout(() => {
    word.textContent = "Copy";
  }, 2_000);
});
