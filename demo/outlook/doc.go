// Package outlook simulates as much of Outlook as the task pane needs: a list of sample mails, a reading pane, and the
// real pane beside them, which only gets a small stand-in for office.js.
//
// The stand-in answers as one of three clients: new Outlook hands out whole mails, Outlook 2021 only their parts, and
// Outlook on iOS neither the file nor the attachments.
package outlook
