"""The browser's Back and Forward: one step for each choice that somebody settled, and the page exactly as it was.

The framework adds a step whenever a page writes its address, also where nobody chose anything: when a page is opened,
and for each press of an arrow key on a slider. A few lines in the browser leave one step for each choice; without
them the app works as the framework does.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

SCRIPT = """
<script>
(() => {
  if (window.oneStepAChoice) return;
  window.oneStepAChoice = true;
  const moves = ["Tab", "Shift", "Control", "Alt", "Meta"];
  let chosen = false, slider = null;
  const act = event => {
    const at = event.target.closest?.("[role=slider], input[type=range]")?.getAttribute("aria-label") ?? null;
    if (event.type === "keydown") {
      // To walk through a page chooses nothing, and one more press on a slider is part of the same choice.
      if (moves.includes(event.key) || (at !== null && at === slider)) return;
      slider = at;
    } else {
      slider = null;
    }
    chosen = true;
  };
  window.addEventListener("pointerdown", act, true);
  window.addEventListener("keydown", act, true);
  const push = window.history.pushState.bind(window.history);
  window.history.pushState = (state, unused, url) => {
    const same = new URL(url, window.location.href).pathname === window.location.pathname;
    if (same && !chosen) {
      window.history.replaceState(state, unused, url);
    } else {
      push(state, unused, url);
      chosen = false;
    }
  };
  window.addEventListener("popstate", () => {
    chosen = false;
    slider = null;
  });
})();
</script>
"""


def keep_to_choices() -> None:
    """Let the browser's steps be those that somebody chose."""
    st.html(SCRIPT, unsafe_allow_javascript=True)


def is_exact() -> bool:
    """Whether somebody went back or forward: then the address says all, and what it does not say is as usual."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def page() -> str:
    """Which page is drawn; empty where there is but one."""
    context = get_script_run_ctx()
    return "" if context is None else context.page_script_hash
