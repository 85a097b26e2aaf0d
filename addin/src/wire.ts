// The shapes of the API, as its OpenAPI document names them.

export interface Participant {
  role: "from" | "sender" | "reply_to" | "to" | "cc" | "bcc";
  name: string;
  address: string;
}

export interface Address {
  name: string;
  address: string;
}

export interface User {
  id: string;
  username: string;
  name: string;
  language: string;
}

export interface Grant {
  access_token: string;
  expires_at: string;
  user: User;
}

export interface Compatibility {
  license: { state: string };
  limits: { mail_bytes: number };
  addin: { compatible?: boolean; update?: "addin" | "crm" };
  crm: { name: string };
}

export interface Module {
  name: string;
  label: string;
  singular: string;
  can_link: boolean;
}

export interface RecordCard {
  module: string;
  record: string;
  label: string;
  number: string;
  subtitle: string;
  url: string;
  can_link: boolean;
  successor?: { module: string; record: string; can_link: boolean };
  reason?: { code: string; text: string };
}

// Target is a record by its name.
export type Target = Pick<RecordCard, "module" | "record" | "label">;

export interface Group {
  kind: string;
  label: string;
  items: RecordCard[];
}

export interface SuggestionList {
  groups: Group[];
  partial?: string[];
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  partial?: string[];
}

// LinkInfo is a link to a record: the user's own, of each of the messages, or else somebody else's.
export interface LinkInfo {
  module: string;
  record: string;
  label: string;
  linked_at: string | null;
  linked_by: { id: string; name: string } | null;
  mine: boolean;
  messages: string[]; // more than one where different mails have one Message-ID
}

export interface MessageStatus {
  internet_message_id: string;
  linked: boolean;
  message?: string;
  links: LinkInfo[];
}

export interface Message {
  completeness: "full" | "partial";
}

export interface Receipt {
  receipt: string;
  replayed: boolean;
  message: { id: string; subject: string; completeness: "full" | "partial" };
  links: { module: string; record: string; label: string; created: boolean }[];
  parts: { part: number; name: string; size: number; status: string; detail?: string }[];
  problems: { code: string; detail: string }[];
}
