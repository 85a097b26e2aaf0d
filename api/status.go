package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/mailconnector/mailconnector/messages"
)

type statusRequestJSON struct {
	InternetMessageIDs []string `json:"internet_message_ids"`
}

type statusListJSON struct {
	Items []statusJSON `json:"items"`
}

type statusJSON struct {
	InternetMessageID string           `json:"internet_message_id"`
	Linked            bool             `json:"linked"`
	Message           string           `json:"message,omitempty"`
	Links             []statusLinkJSON `json:"links"`
}

type statusLinkJSON struct {
	linkJSON
	Messages []string `json:"messages"`
}

// status serves POST /messages/status.
func (h *Handler) status(w http.ResponseWriter, r *http.Request) error {
	var in statusRequestJSON
	if err := readJSON(r, &in); err != nil {
		return err
	}
	var f faults
	f.count("/internet_message_ids", len(in.InternetMessageIDs), maxStatusIDs)
	for i, id := range in.InternetMessageIDs {
		f.length("/internet_message_ids/"+strconv.Itoa(i), id, 0, maxMessageID)
	}
	if err := f.err(); err != nil {
		return err
	}
	found, err := h.c.Messages.Status(r.Context(), callerOf(r).Subject(), in.InternetMessageIDs)
	if err != nil {
		return fmt.Errorf("read status of messages: %w", err)
	}
	items := make([]statusJSON, len(found))
	for i, s := range found {
		items[i] = statusJSON{s.MessageID, len(s.Links) > 0, s.ID, newStatusLinks(s.Links)}
	}
	return writeJSON(w, http.StatusOK, statusListJSON{items})
}

func newStatusLinks(links []messages.StatusLink) []statusLinkJSON {
	list := make([]statusLinkJSON, len(links))
	for i, l := range links {
		list[i] = statusLinkJSON{newLink(l.Link), l.Messages}
	}
	return list
}
