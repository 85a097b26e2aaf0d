// Package api is the HTTP API v1 that the Outlook add-in speaks with the CRM. Its contract is openapi.yaml, which is
// embedded and served at GET /openapi.yaml.
//
// # Guarantees
//
// Every answer, of the router and of a panic too, carries a request id and, for an allowed origin, the headers of CORS;
// every failure is a problem document that says nothing of the server's insides. A request is read strictly: what the
// API does not know, it refuses and says where. Mails stream through and are never held in memory. An upload that is
// too large is refused in a way that a browser can read.
//
// # What it refuses to be
//
// The package holds no rules. Handlers read a request, call a service, and write what it answered; who may see or do
// what is decided by the services, and the status of an error by package problem.
package api
