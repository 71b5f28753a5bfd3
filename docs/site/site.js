// What the theme leaves to be said to a keyboard or a screen reader.
addEventListener("DOMContentLoaded", () => {
  for (const wide of document.querySelectorAll("pre, .table-wrapper, div.math")) {
    wide.tabIndex = 0; // can be scrolled
  }
  for (const caption of document.querySelectorAll('[role="heading"]:not([aria-level])')) {
    caption.ariaLevel = "2";
  }
});
