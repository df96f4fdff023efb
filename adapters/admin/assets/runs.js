// A part of a page that is about a run renews itself when the run tells something, at most twice a second.
"use strict";
(() => {
  const PAUSE = 500;
  const watch = (part) => {
    let waiting = null;
    const renew = () => {
      if (waiting) return;
      waiting = setTimeout(() => {
        waiting = null;
        window.htmx.trigger(part, "renew");
      }, PAUSE);
    };
    for (const kind of ["began", "point", "order", "log", "state", "finished"]) {
      part.addEventListener(`ipass:${kind}`, renew);
    }
  };
  window.addEventListener("DOMContentLoaded", () => {
    for (const part of document.querySelectorAll("[data-run-part]")) watch(part);
  });
})();
