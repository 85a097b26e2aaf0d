package sharing

import (
	"errors"
	"fmt"
)

// checkValues looks for values without a meaning.
func (p *Policy) checkValues() error {
	var errs []error
	for _, t := range p.Types {
		errs = append(errs, t.checkValues())
	}
	for _, profile := range p.Profiles {
		errs = append(errs, profile.checkValues())
	}
	for _, r := range p.Rules {
		if r.From.Kind > GroupParty || r.To.Kind > GroupParty {
			errs = append(errs, fmt.Errorf("rule %q: unknown kind of party", r.ID))
		}
	}
	return errors.Join(errs...)
}

func (t *Type) checkValues() error {
	if t.Default > NoDefault {
		return fmt.Errorf("entity type %q: unknown default %d", t.Name, t.Default)
	}
	for _, op := range t.Absent {
		if op >= operations {
			return fmt.Errorf("entity type %q: unknown %v", t.Name, op)
		}
	}
	_, err := index(t.Fields, "field", func(f Field) string { return f.Name })
	if err != nil {
		return fmt.Errorf("entity type %q: %w", t.Name, err)
	}
	return nil
}

func (p *Profile) checkValues() error {
	if p.ViewAll > Refused || p.EditAll > Refused {
		return fmt.Errorf("profile %q: unknown grant", p.ID)
	}
	for name, listed := range p.Types {
		if listed.Access > Refused {
			return fmt.Errorf("profile %q, entity type %q: unknown grant", p.ID, name)
		}
		for op, grant := range listed.Operations {
			if op >= operations || grant > Refused {
				return fmt.Errorf("profile %q, entity type %q, %v: unknown operation or grant", p.ID, name, op)
			}
		}
	}
	return nil
}
