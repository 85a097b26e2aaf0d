const dark = window.matchMedia("(prefers-color-scheme: dark)");

// followTheme makes the pane as dark as Outlook says it is, now and whenever that changes. Outlooks that say nothing
// have the theme of the system.
export function followTheme(): void {
  apply(Office.context.officeTheme);
  dark.addEventListener("change", () => apply(Office.context.officeTheme));
  if (!Office.context.requirements.isSetSupported("Mailbox", "1.14")) return;
  Office.context.mailbox?.addHandlerAsync("officeThemeChanged", (event) => apply(event?.officeTheme ?? Office.context.officeTheme));
}

function apply(theme: Office.Theme | undefined): void {
  document.documentElement.dataset.theme = isDark(theme?.bodyBackgroundColor) ? "dark" : "light";
}

// isDark judges a background by its luminance.
function isDark(background: string | undefined): boolean {
  if (!background || !/^#[0-9a-f]{6}/i.test(background)) return dark.matches;
  const [red, green, blue] = [1, 3, 5].map((i) => parseInt(background.slice(i, i + 2), 16));
  return 0.2 * red + 0.7 * green + 0.1 * blue < 128;
}
