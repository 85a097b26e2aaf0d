import { API, Problem } from "./api";
import { element, show } from "./dom";
import { linkIcon } from "./icons";
import { problemText } from "./notices";
import { platform } from "./outlook";
import { text } from "./texts";
import type { Grant } from "./wire";

// signIn asks for the CRM's credentials until they are right. A warning is about what signing in would not mend.
export function signIn(place: HTMLElement, api: API, crm: string, notice: string, warning: string): Promise<Grant> {
  return new Promise((resolve) => {
    const user = element("input", { id: "user", name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
    const password = element("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "problem" });
    const button = element("button", { type: "submit", class: "primary" }, text("signIn"));
    const problem = element("p", { class: "problem", id: "problem", role: "alert" });
    const form = element(
      "form",
      { class: "signin", onsubmit: submit },
      element("div", { class: "badge" }, linkIcon()),
      element("h1", {}, text("signInTo", crm)),
      element("p", { class: "quiet", role: "status" }, notice || text("signInHint")),
      warning && element("p", { class: "warning", role: "status" }, warning),
      element("label", { for: "user" }, text("userName")),
      user,
      element("label", { for: "password" }, text("password")),
      password,
      problem,
      button,
    );
    show(place, form);
    user.focus();

    async function submit(event: Event): Promise<void> {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      show(problem);
      try {
        resolve(await api.signIn(user.value, password.value, platform(), VERSION));
      } catch (cause) {
        show(problem, problemText(cause));
        if (cause instanceof Problem && cause.slug === "invalid-credentials") {
          password.value = "";
          password.focus();
        }
      } finally {
        button.disabled = false;
      }
    }
  });
}
