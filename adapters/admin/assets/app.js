// What the pages do beyond forms and links. No page needs it to be read; nothing here writes markup.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const body = document.body;
  const csrf = () => $('meta[name="csrf"]').content;
  const randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

  // Notices above the page.
  const say = (text) => {
    const box = document.createElement("div");
    box.className = "notice bad";
    box.setAttribute("role", "alert");
    box.append(Object.assign(document.createElement("p"), { textContent: text }));
    $("#notices").replaceChildren(box);
  };

  // Dialogs.
  const open = (id) => {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
    return dialog;
  };

  // Copying works on plain http as well, where there is no clipboard object.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "offscreen";
      ($("dialog[open]") || body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };

  // Scripts of pages send with this: it carries the secret of the forms and knows an expired login.
  const send = async (path, options = {}) => {
    const headers = { accept: "application/json", "x-csrf-token": csrf(), ...options.headers };
    const answer = await fetch(path, { credentials: "same-origin", ...options, headers });
    if (answer.status === 401) open("log-in-again");
    return answer;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy],[data-dialog],[data-close],[data-back]");
    if (!button) return;
    if (button.dataset.copy !== undefined) {
      await copy(button.dataset.copy);
      button.classList.add("done");
      button.setAttribute("title", body.dataset.copied);
      setTimeout(() => button.classList.remove("done"), 1500);
    } else if (button.dataset.dialog !== undefined) {
      open(button.dataset.dialog);
    } else if (button.dataset.close !== undefined) {
      button.closest("dialog")?.close();
    } else if (history.length > 1 && document.referrer.startsWith(location.origin)) {
      event.preventDefault();
      history.back();
    }
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches("[data-submit]")) field.form.requestSubmit();
    // One box for all rows of its table.
    if (field.matches("[data-select-all]")) {
      for (const box of $$('input[data-row-select]', field.closest("table"))) box.checked = field.checked;
    }
    if (field.matches("[data-select-all],[data-row-select]")) countSelected();
    // A chosen file goes into a text field, and from there into the form.
    if (field.matches("[data-file-into]") && field.files[0]) {
      field.files[0].text().then((text) => {
        const into = $(field.dataset.fileInto);
        into.value = text;
        into.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }
  });

  const selected = () => $$("input[data-row-select]:checked");
  const countSelected = () => {
    const count = selected().length;
    for (const place of $$("[data-selected-count]")) place.textContent = String(count);
    for (const part of $$("[data-needs-selection]")) part.toggleAttribute("disabled", count === 0);
    showLive();
  };

  // A plain form is sent once: its buttons rest until the page is left, and come back with it.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post],[data-keeps]")) return;
    if (form.closest("#log-in-again")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of $$("form[data-sent]")) delete form.dataset.sent;
  });

  // The dialog of an expired login: the page stays, only its secret is renewed.
  $("#log-in-again form")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const problem = $(".problem", form);
    problem.hidden = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams(new FormData(form)),
      });
      const told = await answer.json();
      if (answer.ok) {
        $('meta[name="csrf"]').content = told.csrf;
        for (const field of $$('input[name="csrf"]')) field.value = told.csrf;
        form.elements.password.value = "";
        form.closest("dialog").close();
        document.dispatchEvent(new Event("ipass:logged-in"));
        return;
      }
      problem.textContent = told.error.message;
    } catch {
      problem.textContent = body.dataset.notReached;
    }
    problem.hidden = false;
  });

  // htmx: the secret goes with every request; a key goes with every act, new once it was answered.
  const keys = new WeakMap();
  document.addEventListener("htmx:configRequest", (event) => {
    const { detail } = event;
    if (detail.verb === "get") return;
    detail.headers["X-Csrf-Token"] = csrf();
    if (!detail.parameters.once) {
      if (!keys.has(detail.elt)) keys.set(detail.elt, randomKey());
      detail.parameters.once = keys.get(detail.elt);
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { detail } = event;
    if (detail.requestConfig.verb !== "get" && detail.successful) {
      keys.delete(detail.elt);
      const once = detail.elt.isConnected && $('input[name="once"]', detail.elt);
      if (once) once.value = randomKey();
    }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 401) {
      event.detail.shouldSwap = false;
      open("log-in-again");
    }
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!event.detail.elt.closest("[data-live]")) say(body.dataset.notReached);
  });

  // Live pages: an element with data-live, hx-get and hx-trigger="every 10s" renews itself.
  const chip = $("#live");
  const live = () => $$("[data-live]");
  let stopped = false;
  let renewed = Date.now();
  let touched = Date.now();
  const NOBODY = 20 * 60 * 1000;
  const typing = () => {
    const at = document.activeElement;
    return Boolean(at && at.matches("input:not([type=checkbox]):not([type=hidden]),textarea,select") && at !== chip);
  };
  const paused = () =>
    stopped || document.hidden || typing() || selected().length > 0 || $("dialog[open], form[data-sent]") !== null || Date.now() - touched > NOBODY;
  const showLive = () => {
    if (!chip || live().length === 0) return;
    const seconds = Math.max(0, Math.round((Date.now() - renewed) / 1000));
    const state = paused() ? chip.dataset.pausedText : chip.dataset.liveText;
    chip.hidden = false;
    chip.classList.toggle("paused", paused());
    chip.setAttribute("aria-pressed", String(stopped));
    chip.textContent = `${state} · ${chip.dataset.ageText.replace("{0}", String(seconds))}`;
  };
  chip?.addEventListener("click", () => {
    stopped = !stopped;
    showLive();
  });
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { touched = Date.now(); }, { capture: true, passive: true });
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (elt.matches("[data-live]") && !requestConfig.triggeringEvent?.isTrusted && paused()) event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.elt.closest("[data-live]") || event.detail.elt.matches("[data-live]")) renewed = Date.now();
    countSelected();
    showRow();
  });
  setInterval(showLive, 1000);
  showLive();

  // Runs: an element with data-events hears the events of a run as ipass:<kind>, their data in detail.
  const listen = (element) => {
    const source = new EventSource(element.dataset.events);
    for (const kind of ["began", "point", "order", "log", "state", "finished"]) {
      source.addEventListener(kind, (event) => {
        element.dispatchEvent(new CustomEvent(`ipass:${kind}`, { detail: JSON.parse(event.data), bubbles: true }));
      });
    }
    source.addEventListener("end", () => source.close());
    source.addEventListener("error", async () => {
      if (source.readyState === EventSource.CLOSED) await send(element.dataset.events, { method: "HEAD" }).catch(() => {});
    });
  };
  window.addEventListener("DOMContentLoaded", () => $$("[data-events]").forEach(listen));

  // Rows and keys.
  let at = -1;
  const rows = () => $$("table.rows tbody tr");
  const showRow = () => rows().forEach((row, index) => row.classList.toggle("at", index === at));
  const move = (by) => {
    const all = rows();
    if (all.length === 0) return;
    at = Math.min(all.length - 1, Math.max(0, at + by));
    showRow();
    all[at].scrollIntoView({ block: "nearest" });
  };
  const inRow = (selector) => rows()[at]?.querySelector(selector);
  let went = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input,textarea,select,[contenteditable]") || $("dialog[open]")) return;
    if (Date.now() - went < 1500) {
      went = 0;
      const link = $(`nav.main a[data-go="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    const acts = {
      "/": () => ($("[data-search]") || $("input[type=search]"))?.focus(),
      "?": () => open("help"),
      j: () => move(1),
      k: () => move(-1),
      x: () => inRow("input[data-row-select]")?.click(),
      r: () => inRow("[data-retry]")?.click(),
      g: () => { went = Date.now(); },
    };
    if (event.key === "Enter" && at >= 0 && event.target === body) inRow("a[data-open]")?.click();
    const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined;
    if (act) {
      event.preventDefault();
      act();
    }
  });

  window.ipass = { send, say, open, copy, csrf, randomKey };
})();
