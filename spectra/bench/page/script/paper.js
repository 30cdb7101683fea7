/* On paper everything is open. */
(() => {
  let shut = [];
  addEventListener("beforeprint", () => { shut = all("details:not([open])"); for (const one of shut) one.open = true; });
  addEventListener("afterprint", () => { for (const one of shut) one.open = false; });
})();
