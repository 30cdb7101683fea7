/* Of several drawings the one that was asked for: by metric, and by what a method costs. */
(() => {
  for (const task of all("[data-task]")) {
    const show = () => {
      const wanted = {};
      for (const choice of all("[data-choose]", task))
        if (choice.tagName === "SELECT" || choice.checked) wanted[choice.dataset.choose] = choice.value;
      for (const group of all("[data-variants]", task)) {
        const variants = all(".variant", group);
        const chosen = variants.filter((one) =>
          Object.entries(wanted).every(([what, value]) => one.dataset[what] === undefined || one.dataset[what] === value));
        for (const one of variants) {
          one.classList.toggle("shown", chosen.includes(one));
          one.classList.toggle("screen-only", wanted.cost !== undefined && one.dataset.cost !== undefined && one.dataset.cost !== wanted.cost);
        }
        const none = group.querySelector("[data-none]");
        if (none) none.hidden = chosen.length > 0;
      }
    };
    for (const choice of all("[data-choose]", task)) choice.addEventListener("change", show);
    show();
  }
})();
