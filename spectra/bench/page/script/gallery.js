/* The gallery: one curtain over all predictions, and for each image a zoom that all its pictures share. */
(() => {
  const LARGEST = 24;
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  const blank = () => {
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    return image;
  };

  const curtain = (album) => {
    const range = album.querySelector("[data-curtain]");
    const other = album.querySelector("[data-with]");
    const uncover = () => {
      const share = range.value / 100;
      album.style.setProperty("--curtain", share);
      album.classList.toggle("parted", share > 0 && share < 1);
      range.setAttribute("aria-valuetext", `${range.value} % prediction, ${100 - range.value} % ${other.value}`);
    };
    const compare = () => {
      for (const name of all("[data-other]", album)) name.textContent = other.value;
      for (const shot of all(".shot", album))
        for (const column of all(".column", shot)) {
          const layer = column.querySelector(".under");
          if (!layer) continue;
          const under = layer.firstChild ?? layer.appendChild(blank());
          const place = other.value === "error" ? column : shot;
          const image = place.querySelector(`[data-what="${other.value}"] img`);
          under.className = image.className;
          under.src = image.src;
        }
      uncover();
    };
    range.addEventListener("input", uncover);
    other.addEventListener("change", compare);
    compare();
    return (share) => { range.value = Math.round(100 * clamp(share, 0, 1)); uncover(); };
  };

  const zoom = (panes) => {
    const state = { zoom: 1, x: 0, y: 0 };
    const show = () => {
      state.zoom = clamp(state.zoom, 1, LARGEST);
      state.x = clamp(state.x, 1 - state.zoom, 0);
      state.y = clamp(state.y, 1 - state.zoom, 0);
      for (const [name, value] of Object.entries(state)) panes.style.setProperty(`--${name}`, value);
      panes.classList.toggle("zoomed", state.zoom > 1);
    };
    const at = (factor, x = 0.5, y = 0.5, from = { x, y }) => {
      const next = clamp(state.zoom * factor, 1, LARGEST);
      state.x = x - (from.x - state.x) * (next / state.zoom);
      state.y = y - (from.y - state.y) * (next / state.zoom);
      state.zoom = next;
      show();
    };
    const move = (x, y) => { state.x += x; state.y += y; show(); };
    const reset = () => { Object.assign(state, { zoom: 1, x: 0, y: 0 }); show(); };
    return { state, at, move, reset };
  };

  const place = (event, stage) => {
    const box = stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  const follow = (stage, lens, part) => {
    const fingers = new Map();
    let parting = false;
    let began = null;
    let pinch = null;
    const span = () => {
      const [a, b] = [...fingers.values()];
      return { apart: Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 0.01), x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2 };
    };
    stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      fingers.set(event.pointerId, place(event, stage));
      parting = Boolean(part) && fingers.size === 1 && (lens.state.zoom === 1 || event.target.classList.contains("grip"));
      began = event.clientX;
      pinch = fingers.size === 2 ? span() : null;
      if (event.isTrusted) stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = place(event, stage);
      fingers.set(event.pointerId, now);
      if (pinch) {
        const next = span();
        lens.at(next.apart / pinch.apart, next.x, next.y, pinch);
        pinch = next;
      }
      else if (parting) {
        if (began !== null && Math.abs(event.clientX - began) < 3) return;
        began = null;
        part(now[0]);
      }
      else if (lens.state.zoom > 1) lens.move(now[0] - before[0], now[1] - before[1]);
    });
    for (const end of ["pointerup", "pointercancel"])
      stage.addEventListener(end, (event) => { fingers.delete(event.pointerId); pinch = null; });
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      lens.at(2 ** (-event.deltaY / 240), ...place(event, stage));
    }, { passive: false });
    stage.addEventListener("dblclick", (event) => (lens.state.zoom > 1 ? lens.reset() : lens.at(4, ...place(event, stage))));
  };

  const keys = (panes, lens) => {
    const steps = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
    panes.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") lens.at(2);
      else if (event.key === "-") lens.at(0.5);
      else if (event.key === "0") lens.reset();
      else if (steps[event.key] && lens.state.zoom > 1) lens.move(...steps[event.key]);
      else return;
      event.preventDefault();
    });
  };

  for (const album of all(".album")) {
    const part = curtain(album);
    for (const size of all("[data-size]", album))
      size.addEventListener("change", () => album.classList.toggle("large", size.value === "large"));
    const grey = album.querySelector("[data-grey]");
    if (grey)
      grey.addEventListener("click", () => grey.setAttribute("aria-pressed", String(album.classList.toggle("grey"))));
    for (const shot of all(".shot", album)) {
      const panes = shot.querySelector(".panes");
      const lens = zoom(panes);
      for (const stage of all(".stage", panes)) follow(stage, lens, stage.querySelector(".grip") ? part : null);
      keys(panes, lens);
      shot.querySelector("[data-zoom=in]").addEventListener("click", () => lens.at(2));
      shot.querySelector("[data-zoom=out]").addEventListener("click", () => lens.at(0.5));
      shot.querySelector("[data-zoom=reset]").addEventListener("click", lens.reset);
    }
  }
})();
