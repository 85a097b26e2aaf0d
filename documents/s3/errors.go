package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/mailconnector/mailconnector/documents"
)

// storeError adds what the server's reason means to a store; denied is what a refusal means, or nil. Causes that are no
// answer of the server are told in words only: a broken connection to it is neither the client's nor the database's.
func storeError(ctx context.Context, err, denied error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %s", ctx.Err(), err.Error())
	}
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return fmt.Errorf("%w: %s", documents.ErrStoreUnavailable, err.Error())
	}
	if kind := kindOf(answer, denied); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

// kindOf knows the codes of Amazon, Ceph, MinIO and versitygw.
func kindOf(answer minio.ErrorResponse, denied error) error {
	switch answer.Code {
	case minio.NoSuchKey:
		return documents.ErrNoContent
	case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage":
		return documents.ErrStoreFull
	case minio.AccessDenied, "AllAccessDisabled", "MethodNotAllowed":
		return denied
	}
	switch answer.StatusCode {
	case http.StatusInsufficientStorage:
		return documents.ErrStoreFull
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout:
		return documents.ErrStoreUnavailable
	}
	return nil
}

// source reads content and keeps the error that ended it early. The client of S3 would take a stream that was cut off,
// io.ErrUnexpectedEOF, for one that ended, so it gets that error in disguise.
type source struct {
	ctx context.Context // of the Put it belongs to
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
		return n, &cutOff{err}
	}
	return n, err
}

// cutOff equals no other error.
type cutOff struct{ cause error }

func (e *cutOff) Error() string { return e.cause.Error() }
