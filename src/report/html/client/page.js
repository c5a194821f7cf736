// @ts-check
/** What a report does besides being read: the theme, sorting, values of charts by pointer and keyboard, opening what a link leads into. */
(() => {
  const root = document.documentElement;

  /**
   * @template {Element} T
   * @param {string} selector
   * @param {new () => T} type
   * @param {ParentNode} [within]
   * @returns {T[]}
   */
  function all(selector, type, within = document) {
    return [...within.querySelectorAll(selector)].filter(/** @returns {element is T} */ (element) => element instanceof type);
  }

  function theme() {
    const [button] = all("#theme", HTMLButtonElement);
    if (button === undefined) return;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset["theme"] ?? (system.matches ? "dark" : "light")) === "dark";
    const show = () => {
      button.textContent = isDark() ? "Light theme" : "Dark theme";
    };
    button.addEventListener("click", () => {
      const next = isDark() ? "light" : "dark";
      root.dataset["theme"] = next;
      show();
      try {
        localStorage.setItem("litevae-theme", next);
      } catch {
        // It holds until the page is left.
      }
    });
    system.addEventListener("change", show);
    show();
    button.hidden = false;
  }

  /** @param {HTMLTableElement} table */
  function sortable(table) {
    const [body] = table.tBodies;
    if (body === undefined) return;
    const headings = [...(table.tHead?.rows[0]?.cells ?? [])];
    const original = [...body.rows];
    headings.forEach((heading, column) => {
      heading.querySelector("button")?.addEventListener("click", () => {
        /** @type {string | null} */
        const was = heading.getAttribute("aria-sort");
        const isNumber = heading.classList.contains("number");
        // Numbers begin with the largest, texts with A; the third press brings the first order back.
        const [first, second] = isNumber ? ["descending", "ascending"] : ["ascending", "descending"];
        const next = was === null ? first : was === first ? second : undefined;
        for (const other of headings) other.removeAttribute("aria-sort");
        if (next !== undefined) heading.setAttribute("aria-sort", next);
        body.append(...(next === undefined ? original : sorted(original, column, isNumber, next === "descending" ? -1 : 1)));
      });
    });
  }

  /**
   * @param {readonly HTMLTableRowElement[]} rows
   * @param {number} column
   * @param {boolean} isNumber
   * @param {1 | -1} sign
   */
  function sorted(rows, column, isNumber, sign) {
    const keyed = rows.map((row) => {
      const cell = row.cells[column];
      return { row, text: cell?.dataset["value"] ?? (isNumber ? "" : (cell?.textContent.trim() ?? "")) };
    });
    // What has no value stays at the end in both directions.
    const compare = (/** @type {string} */ a, /** @type {string} */ b) =>
      a === "" || b === ""
        ? Number(a === "") - Number(b === "")
        : sign * (isNumber ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
    return keyed.sort((a, b) => compare(a.text, b.text)).map(({ row }) => row);
  }

  function reading() {
    const [panel] = all("#reading", HTMLElement);
    if (panel === undefined) return;
    /** @type {Element | undefined} */
    let marked;
    const hide = () => {
      marked?.classList.remove("marked");
      marked = undefined;
      panel.hidden = true;
    };
    /** Above the mark, or below where there is no room. @param {Element} mark */
    const place = (mark) => {
      const box = mark.getBoundingClientRect();
      const { width, height } = panel.getBoundingClientRect();
      const x = Math.min(Math.max(8, box.left + box.width / 2 - width / 2), root.clientWidth - width - 8);
      const above = box.top - height - 10;
      panel.style.left = `${x}px`;
      panel.style.top = `${above < 8 ? box.bottom + 10 : above}px`;
    };
    /** @param {Element} mark */
    const show = (mark) => {
      if (mark === marked) return;
      marked?.classList.remove("marked");
      marked = mark;
      mark.classList.add("marked");
      panel.replaceChildren(
        ...(mark.getAttribute("aria-label") ?? "").split("; ").map((line) => {
          const row = document.createElement("div");
          row.textContent = line;
          return row;
        }),
      );
      panel.hidden = false;
      place(mark);
    };
    const selector = "path[aria-label][role=graphics-symbol]";
    for (const plots of all(".plots", HTMLElement)) {
      const marks = () => all(selector, SVGElement, plots).filter((mark) => mark.getClientRects().length > 0);
      plots.addEventListener("pointerover", ({ target }) => {
        const mark = target instanceof Element ? target.closest(selector) : null;
        if (mark === null) hide();
        else show(mark);
      });
      plots.addEventListener("pointerleave", hide);
      plots.addEventListener("blur", hide);
      plots.addEventListener("keydown", (event) => {
        const list = marks();
        const at = marked === undefined ? -1 : list.findIndex((mark) => mark === marked);
        const next = {
          ArrowRight: at + 1,
          ArrowDown: at + 1,
          ArrowLeft: at < 0 ? list.length - 1 : at - 1,
          ArrowUp: at < 0 ? list.length - 1 : at - 1,
          Home: 0,
          End: list.length - 1,
        }[event.key];
        if (event.key === "Escape") hide();
        if (next === undefined || list.length === 0) return;
        event.preventDefault();
        const mark = list[(next + list.length) % list.length];
        if (mark !== undefined) show(mark);
      });
    }
    addEventListener("scroll", () => marked !== undefined && place(marked), { passive: true, capture: true });
  }

  /** Opens every fold around what the address names, also when a link to it is followed again. */
  function opening() {
    const open = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      for (let at = target; at !== null; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
      target?.scrollIntoView();
    };
    addEventListener("hashchange", open);
    document.addEventListener("click", ({ target }) => {
      const link = target instanceof Element ? target.closest("a[href^='#']") : null;
      if (link !== null && link.getAttribute("href") === location.hash) open();
    });
    if (location.hash !== "") open();
  }

  theme();
  all("table.sortable", HTMLTableElement).forEach(sortable);
  reading();
  opening();
})();
