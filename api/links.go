package api

import (
	"fmt"
	"net/http"

	"github.com/mailconnector/mailconnector/messages"
)

type linkRequestJSON struct {
	Links []recordID `json:"links"`
}

// link serves POST /messages/{message}/links.
func (h *Handler) link(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	var in linkRequestJSON
	if err := readJSON(r, &in); err != nil {
		return err
	}
	receipt, err := h.c.Messages.Link(r.Context(), callerOf(r).Subject(), id, messages.LinkRequest{
		Links:          records(in.Links),
		IdempotencyKey: r.Header.Get("Idempotency-Key"),
		Origin:         messages.Manual,
		Client:         messages.Client{Platform: callerOf(r).Client.Platform, AddinVersion: callerOf(r).Client.Version},
	})
	if err != nil {
		return fmt.Errorf("link message: %w", err)
	}
	return h.writeReceipt(w, r, receipt)
}

// unlink serves DELETE /messages/{message}/links/{module}/{record}.
func (h *Handler) unlink(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	record, err := recordOf(r)
	if err != nil {
		return err
	}
	if err := h.c.Messages.Unlink(r.Context(), callerOf(r).Subject(), id, record); err != nil {
		return fmt.Errorf("unlink message: %w", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
