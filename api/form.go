package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
)

// maxEntries is the longest list that any request may hold. Some allow fewer; longer ones are not even read.
const maxEntries = 5000

// checkForm holds JSON against the type it will be decoded into: exact names, each once, exact types, one value and
// nothing after it. The decoder of encoding/json is laxer and cannot say where the fault is. A null is taken for a
// missing member.
func checkForm(data []byte, t reflect.Type) error {
	f := form{json.NewDecoder(bytes.NewReader(data))}
	f.dec.UseNumber()
	if len(bytes.TrimSpace(data)) == 0 {
		return misfit("", "is empty: send a JSON object")
	}
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return misfit("", "must be an object, not null")
	}
	if err := f.value(t, ""); err != nil {
		return err
	}
	if _, err := f.dec.Token(); !errors.Is(err, io.EOF) {
		return misfit("", fmt.Sprintf("goes on after its end, at byte %d: send one JSON object and nothing after it", f.dec.InputOffset()))
	}
	return nil
}

func misfit(pointer, detail string) error {
	return problem.At(problem.MalformedRequest, pointer, detail)
}

// form walks through JSON along a type.
type form struct{ dec *json.Decoder }

func (f form) value(t reflect.Type, at string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := f.token(at)
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case nil:
		return nil
	case json.Delim:
		if token == '{' && t.Kind() == reflect.Struct && t != timeType {
			return f.object(t, at)
		}
		if token == '[' && t.Kind() == reflect.Slice {
			return f.list(t, at)
		}
	case string:
		if t == timeType {
			return checkTime(token, at)
		}
		if t.Kind() == reflect.String {
			return nil
		}
	case json.Number:
		if t.Kind() == reflect.Int64 {
			return checkInteger(token, at)
		}
	case bool:
		if t.Kind() == reflect.Bool {
			return nil
		}
	}
	return misfit(at, "must be "+kindOf(t)+", not "+tokenKind(token))
}

func (f form) object(t reflect.Type, at string) error {
	members, seen := membersOf(t), map[string]bool{}
	for f.dec.More() {
		token, err := f.token(at)
		if err != nil {
			return err
		}
		name, _ := token.(string)
		pointer := at + "/" + escapePointer.Replace(name)
		member, known := members[name]
		switch {
		case !known:
			return misfit(pointer, "is unknown here: leave it out, or use one of "+names(members))
		case seen[name]:
			return misfit(pointer, "is given twice: give it once")
		}
		seen[name] = true
		if err := f.value(member, pointer); err != nil {
			return err
		}
	}
	_, err := f.token(at)
	return err
}

func (f form) list(t reflect.Type, at string) error {
	for i := 0; f.dec.More(); i++ {
		if i == maxEntries {
			return problem.At(problem.Invalid, at, fmt.Sprintf("must have at most %d entries", maxEntries))
		}
		if err := f.value(t.Elem(), at+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	_, err := f.token(at)
	return err
}

func (f form) token(at string) (json.Token, error) {
	token, err := f.dec.Token()
	if err != nil {
		return nil, misfit(at, fmt.Sprintf("is not JSON, at byte %d: check quotes, commas and brackets there", f.dec.InputOffset()))
	}
	return token, nil
}

func checkTime(text, at string) error {
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return misfit(at, `must be a time in RFC 3339, such as "2026-01-31T09:30:00Z"`)
	}
	return nil
}

func checkInteger(n json.Number, at string) error {
	if _, err := n.Int64(); err != nil {
		return misfit(at, "must be a whole number of at most 64 bits")
	}
	return nil
}

var (
	timeType      = reflect.TypeFor[time.Time]()
	escapePointer = strings.NewReplacer("~", "~0", "/", "~1") // RFC 6901, section 3
)

// membersOf maps the names of a struct's members to their types.
func membersOf(t reflect.Type) map[string]reflect.Type {
	members := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" {
			members[name] = field.Type
		}
	}
	return members
}

func names(members map[string]reflect.Type) string {
	var list []string
	for name := range members {
		list = append(list, name)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func kindOf(t reflect.Type) string {
	switch {
	case t == timeType:
		return "a time as a string"
	case t.Kind() == reflect.Struct:
		return "an object"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a string"
	default:
		return "a whole number"
	}
}

func tokenKind(token json.Token) string {
	switch token {
	case json.Delim('{'):
		return "an object"
	case json.Delim('['):
		return "a list"
	}
	switch token.(type) {
	case string:
		return "a string"
	case bool:
		return "true or false"
	default:
		return "a number"
	}
}
