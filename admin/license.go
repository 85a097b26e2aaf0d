package admin

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/mailconnector/mailconnector/licensing"
)

// maxSeatsAsked bounds the number in the request text, which a person types.
const maxSeatsAsked = 1_000_000

// licenseView is a license as the pages show it.
type licenseView struct {
	licensing.Status
	Sentence string // what holds, until when, and what to do
	Tone     string // good, warn or bad
	DaysLeft int64  // until it ends; 0 where nothing is in force
}

func (v *visit) licenseView(s licensing.Status) *licenseView {
	view := &licenseView{Status: s, Sentence: v.licenseSentence(s), Tone: tone(s.State)}
	if s.License != nil && (s.State == licensing.Active || s.State == licensing.Expiring) {
		left := s.License.ValidTo.Sub(v.h.c.Now())
		view.DaysLeft = int64(math.Ceil(left.Hours() / 24))
	}
	return view
}

// SeatsFree is how many seats nobody has.
func (l *licenseView) SeatsFree() int { return max(0, l.SeatsTotal-l.SeatsUsed) }

func tone(s licensing.State) string {
	switch s {
	case licensing.Active:
		return "good"
	case licensing.Expiring, licensing.Grace, licensing.Pending:
		return "warn"
	default:
		return "bad"
	}
}

// licenseSentence says in the visitor's language what a license amounts to.
func (v *visit) licenseSentence(s licensing.Status) string {
	l := s.License
	if l == nil {
		l = &licensing.License{}
	}
	return v.say.text("license.state."+string(s.State)+".text",
		"from", v.say.date(l.ValidFrom), "to", v.say.date(l.ValidTo), "grace", v.say.date(l.GraceEnds()),
		"serial", l.Serial, "installation", l.Installation, "url", l.CRMURL, "now", v.say.date(v.h.c.Now()))
}

// licensePage shows the license and what can be done about it.
type licensePage struct {
	*licenseView
	Installation string
	CRMURL       string
	Users        int    // in the request
	Request      string // for the partner
	History      []activation

	Document    string // what was typed
	Problem     *problem
	Revocations string
	ListProblem *problem
}

// activation is one line of the history.
type activation struct {
	licensing.Activation
	By, EndedBy person
}

func (h *Handler) license(v *visit) error {
	p, err := v.licensePage()
	if err != nil {
		return err
	}
	return v.show("license", p)
}

func (v *visit) licensePage() (*licensePage, error) {
	status, err := v.h.c.Licensing.Status(v.ctx())
	if err != nil {
		return nil, err
	}
	history, err := v.h.c.Licensing.History(v.ctx())
	if err != nil {
		return nil, fmt.Errorf("license history: %w", err)
	}
	p := &licensePage{licenseView: v.licenseView(status), Users: v.seatsAsked(status)}
	for _, a := range history {
		p.History = append(p.History, activation{Activation: a, By: v.person(a.ActivatedBy), EndedBy: v.person(a.EndedBy)})
	}
	request := v.h.c.Licensing.Request(p.Users)
	p.Installation, p.CRMURL, p.Request = request.Installation, request.CRMURL, request.Text()
	return p, nil
}

// seatsAsked is the number of users the request names: what was typed, else the seats there are.
func (v *visit) seatsAsked(s licensing.Status) int {
	n, err := strconv.Atoi(v.r.URL.Query().Get("users"))
	if err == nil && n >= 1 && n <= maxSeatsAsked {
		return n
	}
	return max(s.SeatsTotal, s.SeatsUsed, 1)
}

// activate enters a license: a file, or else the text that was pasted.
func (h *Handler) activate(v *visit) error {
	document, err := v.document()
	if err != nil {
		return err
	}
	_, err = h.c.Licensing.Activate(v.ctx(), v.who.UserID, document)
	if err == nil {
		return v.redirect("/admin/license", "activated")
	}
	wrong := v.licenseProblem(err)
	if wrong == nil {
		return err
	}
	p, err := v.licensePage()
	if err != nil {
		return err
	}
	p.Document, p.Problem = document, wrong
	return v.refuse("license", p)
}

// revocations takes over the vendor's list of what no longer counts.
func (h *Handler) revocations(v *visit) error {
	document, err := v.document()
	if err != nil {
		return err
	}
	err = h.c.Licensing.ApplyRevocations(v.ctx(), document)
	if err == nil {
		return v.redirect("/admin/license", "revocations")
	}
	wrong := v.licenseProblem(err)
	if wrong == nil {
		return err
	}
	p, err := v.licensePage()
	if err != nil {
		return err
	}
	p.Revocations, p.ListProblem = document, wrong
	return v.refuse("license", p)
}

// document is the text of an uploaded file, or else of the field.
func (v *visit) document() (string, error) {
	file, _, err := v.r.FormFile("file")
	if err != nil { // none was chosen
		return v.r.PostFormValue("document"), nil
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return "", fmt.Errorf("read uploaded document: %w", err)
	}
	if len(content) == 0 {
		return v.r.PostFormValue("document"), nil
	}
	return strings.ToValidUTF8(string(content), "�"), nil
}

// askDeactivate asks once more: without a license nobody can work.
func (h *Handler) askDeactivate(v *visit) error {
	status, err := h.c.Licensing.Status(v.ctx())
	if err != nil {
		return err
	}
	if status.License == nil {
		http.Redirect(v.w, v.r, h.c.Prefix+"/admin/license", http.StatusSeeOther)
		return nil
	}
	return v.show("deactivate", v.licenseView(status))
}

func (h *Handler) deactivate(v *visit) error {
	if err := h.c.Licensing.Deactivate(v.ctx(), v.who.UserID); err != nil {
		return err
	}
	return v.redirect("/admin/license", "deactivated")
}
