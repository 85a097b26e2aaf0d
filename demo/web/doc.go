// Package web is the pages of the demo CRM: signing in, lists, records with their tabs, documents, and a page that
// shows one search as two users see it.
//
// What a page shows passed the CRM's permission check in the request that shows it. Forms are refused when another site
// sends them, scripts come from this server only, and the session cookie is out of their reach.
package web
