// @ts-check
// Runs before anything is drawn, so that a chosen theme does not flash. Storage may be refused, for files too.
(() => {
  try {
    const chosen = localStorage.getItem("litevae-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
  } catch {
    // The system's theme stays.
  }
})();
