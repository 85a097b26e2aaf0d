// Package problem turns errors into problem documents (RFC 9457), and is the only place where an error of a domain
// meets a status of HTTP.
//
// [From] knows the sentinels and typed errors of every domain. What it does not know becomes [Internal] without a
// detail: an error's text is for the log, and only sentences written for users leave the server.
package problem
