// All of the script. Every page works without it: it copies, makes dialogs modal, knows two keys, and keeps focus where it belongs.
// build/squeeze.rs drops comments and spaces: no text here runs over two lines, and no regular expression is written as a literal.
(() => {
  const doc = document;
  const find = (selector, from = doc) => from.querySelector(selector);
  const all = (selector, from = doc) => from.querySelectorAll(selector);
  const on = (name, act) => doc.addEventListener(name, act, true);
  const keep = (name, value) => (doc.cookie = `${name}=${value};Path=/;Max-Age=31536000;SameSite=Lax`);
  // Above what the page shows, where what was typed stays as it is.
  const tell = (text) => {
    const made = (more) => Object.assign(doc.createElement("div"), more);
    const box = made({ id: "told", className: "say notice risk", role: "alert" });
    box.append(made({ textContent: text }));
    find("#told")?.remove();
    find("main").prepend(box);
    box.scrollIntoView();
  };
  const kept = () => tell("This may not have been done. What you typed is still here.");
  const say = (text) => setTimeout(() => (find("#live").textContent = text), 100);

  // Times are shown in the reader's zone from the next page on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !doc.cookie.split("; ").includes("tz=" + zone)) keep("tz", zone);

  // htmx acts where a page of ours marks that it may. The marks are made anew for each page, so that nothing written before knows them.
  const marks = new Set([doc.currentScript.dataset.own]);
  on("htmx:confirm", (event) => {
    const { elt } = event.detail;
    const asks = elt.getAttributeNames().some((name) => name.includes("hx-"));
    const marked = asks ? elt : elt.closest("[data-own],[hx-disable]");
    if (!marks.has(marked?.dataset.own)) event.preventDefault();
  });

  // What a page asks for beside what somebody types leads nowhere: not to the sign-in, and not to what is no page.
  on("htmx:beforeOnLoad", (event) => {
    const { requestConfig, xhr } = event.detail;
    if (requestConfig.boosted || !xhr.getResponseHeader("hx-redirect")) return;
    event.preventDefault();
    if (requestConfig.verb === "post") kept();
  });

  // Only pages of ours are put into a page. All else the browser shows by itself, which knows what it is.
  on("htmx:beforeSwap", (event) => {
    const { requestConfig, shouldSwap, xhr } = event.detail;
    const mark = xhr.getResponseHeader("bugtome-page");
    if (!shouldSwap || (mark && marks.add(mark))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (requestConfig.verb === "post") kept();
    else if (requestConfig.boosted) location = xhr.responseURL;
  });

  // Whoever uses this browser next finds nothing of what was typed.
  on("submit", ({ target }) => {
    if (target.getAttribute("action") !== "/logout") return;
    sessionStorage.clear();
    localStorage.clear();
  });

  const copy = async (button) => {
    const text = doc.getElementById(button.dataset.copy);
    const said = find("span", button);
    const icon = find("use", button);
    const was = (said.dataset.was ??= said.textContent);
    const show = (words, name) => {
      said.textContent = words;
      icon.setAttribute("href", icon.href.baseVal.split("#")[0] + "#i-" + name);
    };
    try {
      await navigator.clipboard.writeText(text.textContent.trim());
      show("Copied", "check");
    } catch {
      // Over plain HTTP nothing may be written there; what is selected can still be taken by hand.
      getSelection().selectAllChildren(text);
      show("Press Ctrl+C", "copy");
    }
    say(said.textContent);
    setTimeout(show, 2000, was, "copy");
  };

  on("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    const box = event.target.closest("[data-close]")?.closest(":modal");
    if (!box) return;
    event.preventDefault();
    event.stopPropagation();
    box.close();
  });

  on("change", ({ target }) => {
    if (target.dataset.cookie) keep(target.dataset.cookie, target.value);
    const picks = target.closest(".picks");
    if (picks) say(all(".pick :checked", picks).length + " selected");
  });

  on("toggle", ({ newState, target }) => newState === "open" && find("[type=search]", target)?.focus());

  on("keydown", (event) => {
    const { key, target } = event;
    const held = event.ctrlKey || event.metaKey;
    if (held && key === "Enter" && target.matches("textarea")) target.form.requestSubmit();
    if (held || event.altKey || target.closest("input,textarea,select,dialog")) return;
    // Whoever speaks to the computer, or rests a hand on it, can switch single keys off (WCAG 2.1.4).
    if (doc.cookie.split("; ").includes("keys=off")) return;
    const control = key === "/" ? find(".find input") : key === "c" && find("[data-key=c]");
    if (!control) return;
    event.preventDefault();
    control.focus();
    if (key === "c") control.click();
  });

  const modal = () => {
    for (const box of all("dialog[data-modal][open]:not(:modal)")) {
      box.close();
      box.showModal();
    }
  };
  modal();

  // The control that was used, as it can be found again in what comes.
  let used, before;
  on("htmx:beforeRequest", () => {
    const { id, dataset } = doc.activeElement;
    const menu = doc.activeElement.closest("[popover]");
    before = location.pathname;
    used = menu ? `[popovertarget="${menu.id}"]` : id ? `[id="${id}"]` : dataset.focus && `[data-focus="${dataset.focus}"]`;
  });

  // A part was asked for and a whole page came: the sign-in, or what went wrong.
  on("htmx:beforeSwap", ({ detail }) => {
    const part = detail.requestConfig.elt.closest("[hx-select]")?.getAttribute("hx-select").slice(1);
    if (!part || detail.serverResponse.includes(`id="${part}"`)) return;
    const { requestPath, responsePath } = detail.pathInfo;
    if (responsePath !== requestPath) location = responsePath;
    Object.assign(detail, { target: doc.body, selectOverride: "unset", swapOverride: "innerHTML" });
  });

  // Comes once for each element that was put in; only the first finds the focus lost.
  on("htmx:afterSettle", ({ detail }) => {
    all(":popover-open").forEach((menu) => menu.hidePopover());
    modal();
    const whole = detail.target === doc.body;
    const notice = whole && find("main .notice");
    if (notice) say(notice.textContent);
    if (doc.activeElement !== doc.body) return;
    const same = !whole || before === location.pathname;
    const told = whole && (find("main [role=alert]") || doc.getElementById(location.hash.slice(1)));
    const at = told || (same && used && find(used)) || find("main h1") || find("main");
    if (at?.tabIndex < 0) at.tabIndex = -1;
    at?.focus({ preventScroll: true });
  });

  on("htmx:sendError", () => tell("The server did not answer. Try again."));
})();
