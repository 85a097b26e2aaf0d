package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"unicode/utf8"

	"github.com/mailconnector/mailconnector/api/problem"
)

// jsonBytes bounds the body of a request that is JSON alone.
const jsonBytes = 1 << 20

// readJSON decodes the body of a request, which must be JSON of exactly the form of into.
func readJSON(r *http.Request, into any) error {
	if _, _, err := contentType(r, mediaJSON); err != nil {
		return err
	}
	if r.ContentLength > jsonBytes {
		return problem.TooLarge(jsonBytes)
	}
	return decode(r.Body, jsonBytes, into)
}

// decode reads JSON of at most limit bytes.
func decode(r io.Reader, limit int64, into any) error {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return readError(err)
	case int64(len(data)) > limit:
		return problem.TooLarge(limit)
	case !utf8.Valid(data):
		return problem.At(problem.MalformedRequest, "", "is not UTF-8: encode the JSON as UTF-8")
	}
	if err := checkForm(data, reflect.TypeOf(into).Elem()); err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return problem.New(problem.MalformedRequest, "The body is not the JSON that is expected here.").Because(err)
	}
	return nil
}

// readError says what became of a body that could not be read to its end.
func readError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return problem.New(problem.MalformedRequest, "The body was cut off before its end. Send it again.").Because(err)
}

// writeJSON answers with a value. It is encoded before the first byte is sent, so that a failure is still a problem
// document.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", mediaJSON)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // who does not read the answer is gone
	return nil
}
