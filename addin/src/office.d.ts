// The part of Office.js this pane uses, as the Outlook JavaScript API documents it. Members that older clients lack are
// optional, so that the compiler asks for the fallback.
declare namespace Office {
  function onReady(ready: (info: { host: string | null; platform: string | null }) => void): void;

  interface AsyncResult<T> {
    status: "succeeded" | "failed";
    value: T;
    error?: { code: number; name: string; message: string };
  }
  type Callback<T> = (result: AsyncResult<T>) => void;

  interface EmailAddress {
    displayName: string;
    emailAddress: string;
  }

  interface AttachmentDetails {
    id: string;
    name: string;
    size: number;
    isInline: boolean;
    attachmentType: string;
    contentType?: string;
    contentId?: string;
  }

  interface AttachmentContent {
    format: "base64" | "url" | "eml" | "iCalendar";
    content: string;
  }

  interface MessageRead {
    itemId: string;
    itemType: string;
    subject: string;
    internetMessageId: string;
    conversationId: string;
    dateTimeCreated: Date;
    from?: EmailAddress;
    sender?: EmailAddress;
    to: EmailAddress[];
    cc: EmailAddress[];
    attachments: AttachmentDetails[];
    body: { getAsync(format: "html" | "text", callback: Callback<string>): void };
    getAsFileAsync?(callback: Callback<string>): void;
    getAllInternetHeadersAsync?(callback: Callback<string>): void;
    getAttachmentContentAsync?(id: string, callback: Callback<AttachmentContent>): void;
  }

  interface Theme {
    bodyBackgroundColor: string;
    bodyForegroundColor: string;
  }

  const context: {
    displayLanguage: string;
    partitionKey?: string;
    officeTheme?: Theme;
    diagnostics?: { platform: string };
    requirements: { isSetSupported(name: string, version: string): boolean };
    mailbox?: {
      item: MessageRead | null;
      userProfile: { emailAddress: string; displayName: string };
      addHandlerAsync(event: string, handler: (event?: { officeTheme?: Theme }) => void): void;
    };
  };
}
