// Package admin is the connector's own pages in a browser: "Outlook Mail Connector" behind the CRM's menu, for
// administrators, and one page for each user.
//
// The pages below {prefix}/admin/ show the first steps, the license, seats, sessions, the ledger, and how the parts are
// doing; {prefix}/me shows a user his own sessions and links and how to get the add-in. They call the domain services and
// hold no rules of their own.
//
// # Guarantees
//
// Who looks is known from the CRM's own session where the host tells ([Config.AdminUser]), else from a session opened
// here with the CRM's credentials; the right to administer is read from the CRM at each request. No subject and no label
// is shown that the CRM would not show to who looks, administrators included. Whatever changes something is a POST that
// carries a token of the form and does not come from another site. Pages load nothing from elsewhere and run no inline
// script or style. Everything works without JavaScript but the checks that have to run in a browser.
//
// # Languages
//
// A language is one file in locales. What a file leaves out is said in English.
package admin
