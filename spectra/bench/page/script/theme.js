/* Light or dark: as the system says, until somebody chooses. */
(() => {
  const root = document.documentElement;
  const button = document.querySelector("[data-theme-button]");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  try {
    const kept = localStorage.getItem("spectra-theme");
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch { /* a page from a file may keep nothing */ }
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("spectra-theme", root.dataset.theme); } catch { /* as above */ }
    show();
  });
  system.addEventListener("change", show);
  show();
})();
