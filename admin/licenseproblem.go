package admin

import (
	"errors"
	"strings"

	"github.com/mailconnector/mailconnector/licensing"
)

// problem is why something that was typed was not taken, with how to mend it.
type problem struct {
	Title, Text string
	Detail      string // a few more words in English, from the domain; may be empty
}

// licenseProblem says why a document was refused, nil for an error that is not about the document. A slip of the keyboard
// and a forgery are told apart, because they are mended differently.
func (v *visit) licenseProblem(err error) *problem {
	var armour *licensing.ArmourError
	var kind *licensing.WrongKindError
	var state *licensing.StateError
	switch {
	case errors.As(err, &armour):
		noticed, _, _ := strings.Cut(armour.Problem, ":") // what follows is what to do, which is said in any language
		return v.problem("damaged", noticed)
	case errors.As(err, &kind):
		return v.problem("kind", "", "got", v.say.text("kind."+string(kind.Got)), "want", v.say.text("kind."+string(kind.Want)))
	case errors.Is(err, licensing.ErrNotGenuine):
		return v.problem("forged", "")
	case errors.Is(err, licensing.ErrIncomplete):
		return v.problem("incomplete", err.Error())
	case errors.Is(err, licensing.ErrOutdated):
		return v.problem("outdated", "")
	case errors.As(err, &state):
		own := v.h.c.Licensing.Request(1)
		return v.problem(string(state.State), state.Message, "installation", own.Installation, "url", own.CRMURL)
	default:
		return nil
	}
}

func (v *visit) problem(name, detail string, namesAndValues ...any) *problem {
	return &problem{
		Title:  v.say.text("license.problem." + name + ".title"),
		Text:   v.say.text("license.problem."+name+".text", namesAndValues...),
		Detail: detail,
	}
}
