/* Text into the clipboard, the old way where the new one is refused. */
(() => {
  const old = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  };
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { return old(text); }
  };
  for (const button of all("[data-copy]")) {
    const before = button.textContent;
    button.addEventListener("click", async () => {
      const done = await copy(button.parentElement.querySelector("pre").textContent);
      button.textContent = done ? "Copied" : "Not copied";
      say(button.textContent);
      setTimeout(() => { button.textContent = before; }, 2500);
    });
  }
})();
