import { API, Problem } from "./api";
import { element, show } from "./dom";
import { problemText } from "./notices";
import { platform } from "./outlook";
import { text } from "./texts";
import type { Grant } from "./wire";

// signIn asks for the CRM's credentials until they are right.
export function signIn(place: HTMLElement, api: API, crm: string, notice: string): Promise<Grant> {
  return new Promise((resolve) => {
    const user = element("input", { id: "user", name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
    const password = element("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
    const button = element("button", { type: "submit", class: "primary" }, text("signIn"));
    const problem = element("p", { class: "problem", role: "alert" });
    const form = element(
      "form",
      { class: "signin", onsubmit: submit },
      element("h1", {}, text("signInTo", crm)),
      element("p", { class: "quiet", role: "status" }, notice || text("signInHint")),
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
