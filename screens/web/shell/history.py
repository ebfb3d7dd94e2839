"""The browser's Back and Forward: one step for each choice that somebody settled, and the page exactly as it was.

The framework adds a step whenever a page writes its address, also where nobody chose anything: when a page is opened,
and for each press of an arrow key on a slider or among radio buttons. A few lines in the browser leave one step for
each choice; without them the app works as the framework does.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

SCRIPT = """
<script>
(() => {
  if (window.oneStepAChoice) return;
  window.oneStepAChoice = true;
  const moves = ["Shift", "Control", "Alt", "Meta"];
  let chosen = false, among = null;
  const act = event => {
    const at = event.target.closest?.("[role=slider], input[type=range], input[type=radio]");
    const name = at ? at.name || at.getAttribute("aria-label") : null;
    if (event.type === "keydown") {
      // To walk through a page chooses nothing, and ends a choice that was made on the way.
      if (event.key === "Tab") among = null;
      // One more press on a slider, or among radio buttons, is part of the same choice.
      if (event.key === "Tab" || moves.includes(event.key) || (name !== null && name === among)) return;
      among = name;
    } else {
      among = null;
    }
    chosen = true;
  };
  window.addEventListener("pointerdown", act, true);
  window.addEventListener("keydown", act, true);
  // The same choices in another order are the same address.
  const said = url => [url.pathname, ...[...url.searchParams].map(String).sort()].join("&");
  const push = window.history.pushState.bind(window.history);
  window.history.pushState = (state, unused, url) => {
    const to = new URL(url, window.location.href);
    if (to.pathname === window.location.pathname && (!chosen || said(to) === said(new URL(window.location.href)))) {
      window.history.replaceState(state, unused, url);
    } else {
      push(state, unused, url);
      chosen = false;
    }
  };
  window.addEventListener("popstate", () => {
    chosen = false;
    among = null;
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
