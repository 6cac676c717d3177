// A table that is wider than the screen can be scrolled with the keyboard, too.
function makeScrollable() {
  for (const region of document.querySelectorAll(".md-typeset__scrollwrap")) {
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
  }
}

new MutationObserver(makeScrollable).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", makeScrollable);
