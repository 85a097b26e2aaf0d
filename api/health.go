package api

import (
	"net/http"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
)

// readyAgain is when a load balancer asks again.
const readyAgain = 5 * time.Second

type healthJSON struct {
	Status string `json:"status"`
}

// live serves GET /health/live.
func (h *Handler) live(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, healthJSON{"ok"})
}

// ready serves GET /health/ready.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) error {
	if err := h.c.Ready(r.Context()); err != nil {
		p := problem.New(problem.Unavailable, "The module cannot work now; the log says why.").Because(err)
		p.RetryAfter = readyAgain
		return p
	}
	return writeJSON(w, http.StatusOK, healthJSON{"ok"})
}
