package api

import (
	"io"
	"net/http"
	"time"
)

const (
	// smallBody is what net/http reads of a body by itself before it answers.
	smallBody = 256 << 10
	// drainBytes and drainTime bound what is read of an upload that was refused.
	drainBytes = 64 << 20
	drainTime  = 10 * time.Second
)

// unread reports whether much of the body may still be on its way.
func unread(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ContentLength < 0 || r.ContentLength > smallBody)
}

// refuseUpload answers while the client is still sending. If the connection were closed at once, the client's next packet
// would be answered with a reset, which makes most clients, browsers among them, throw the answer away. So the answer is
// sent first, and then a bounded part of the upload is read, until the client has noticed.
func refuseUpload(w http.ResponseWriter, r *http.Request, body io.Reader, respond func()) {
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex() // otherwise the server reads before it answers; without it the rest still helps
	w.Header().Set("Connection", "close")
	respond()
	if control.Flush() != nil || r.Header.Get("Expect") != "" { // who asked before sending does not send now
		return
	}
	_ = control.SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, body, drainBytes)
}
