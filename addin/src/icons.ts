import { drawing } from "./dom";

// The usual modules of the CRMs this pane meets. Any other gets a sheet of paper.
const modules: { [name: string]: string } = {
  Accounts: "M4 21V5l8-3v19M12 9l8 2v10M2 21h20M7 8h2M7 12h2M7 16h2M15.5 14h1.5M15.5 17.5h1.5",
  Contacts: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c.6-4.5 3.6-7 8-7s7.4 2.5 8 7",
  Leads: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M12 11.5v1",
  Potentials: "M3 20h18M6 16v-4M11 16V8M16 16V5M4 6l4-3 4 2 6-4",
  HelpDesk: "M4 7h16v3.5a1.8 1.8 0 0 0 0 3.5V17H4v-3a1.8 1.8 0 0 0 0-3.5zM14 7v2M14 11.5v1.5M14 15.5V17",
};
const paper = "M6 2.5h8l4.5 4.5v14.5H6zM13.5 3v4.5h4.5M9 12h6M9 16h6";

export const moduleIcon = (module: string): SVGElement => drawing(modules[module] ?? paper);
export const searchIcon = (): SVGElement => drawing("M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5l5.5 5.5");
export const linkIcon = (): SVGElement =>
  drawing("M10 14a4.2 4.2 0 0 0 6 0l3.4-3.4a4.2 4.2 0 0 0-6-6L12 6M14 10a4.2 4.2 0 0 0-6 0l-3.4 3.4a4.2 4.2 0 0 0 6 6L12 18");
