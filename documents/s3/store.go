package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/mailconnector/mailconnector/documents"
)

const (
	// partSize is the least that S3 takes as a part of an upload, and with 10,000 parts the most is 50 GB.
	partSize = 5 << 20

	// wholeSize is the most that is sent in one request. Most attachments and nearly all mails are smaller.
	wholeSize = 1 << 20

	// attempts is how often a request is sent before the store counts as unavailable. A client waits meanwhile.
	attempts = 3

	// cleanUp bounds the removal of what a failed upload may have left.
	cleanUp = 10 * time.Second

	// suffix ends the names of all objects. No key holds a dot, so no key is in the way of another where a server keeps
	// its objects in folders.
	suffix = ".bin"
)

// Config says where the bucket is. All but Region, Prefix, SessionToken and Transport is required.
type Config struct {
	// Endpoint is the address of the server: "https://s3.eu-central-1.amazonaws.com". With http, mails travel in the
	// clear.
	Endpoint string

	// Region of the bucket. Defaults to "us-east-1", which other servers than Amazon's mostly take.
	Region string

	// Bucket must be there; it is never made.
	Bucket string

	// Prefix begins the names of all objects, for a bucket shared with others: "crm/".
	Prefix string

	// AccessKey and SecretKey are what the server gave for signing requests.
	AccessKey, SecretKey string

	// SessionToken goes with keys that are good for some hours only, as AWS STS gives them. When they end, so do the answers of
	// the server: the store does not ask for others, and has to be made anew. Empty for keys that last.
	SessionToken string

	// Transport sends the requests. Defaults to one with timeouts for connecting.
	Transport http.RoundTripper
}

// Store is a documents.ContentStore in a bucket. It is safe for concurrent use, by many processes too.
type Store struct {
	client *minio.Core
	bucket string
	prefix string
	now    func() time.Time
}

var _ documents.ContentStore = (*Store)(nil)

// New checks a configuration and returns its store. It sends no request.
func New(c Config) (*Store, error) {
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "":
		return nil, fmt.Errorf("s3: Endpoint %q is no address such as https://s3.example.com", c.Endpoint)
	case c.Bucket == "":
		return nil, errors.New("s3: Bucket is missing")
	case c.AccessKey == "" || c.SecretKey == "":
		return nil, errors.New("s3: AccessKey or SecretKey is missing")
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	client, err := minio.NewCore(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.SessionToken), Secure: u.Scheme == "https",
		Region: c.Region, Transport: c.Transport, MaxRetries: attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	return &Store{client: client, bucket: c.Bucket, prefix: c.Prefix, now: time.Now}, nil
}

// Put implements documents.ContentStore. Content of up to a megabyte is one request; longer content is sent in parts,
// which become an object together.
func (s *Store) Put(ctx context.Context, key string, r io.Reader) error {
	if err := documents.CheckKey(key); err != nil {
		return err
	}
	in := &source{ctx: ctx, r: r}
	err := s.put(ctx, s.object(key), in)
	if in.err != nil {
		return fmt.Errorf("store content: %w", in.err)
	}
	if err != nil {
		s.forget(ctx, s.object(key))
		return fmt.Errorf("store content: %w", storeError(ctx, err, documents.ErrStoreReadOnly))
	}
	return nil
}

func (s *Store) put(ctx context.Context, object string, in *source) error {
	var head bytes.Buffer
	n, err := io.CopyN(&head, in, wholeSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var body io.Reader = bytes.NewReader(head.Bytes()) // which can be read again where a request is repeated
	// The signed MD5 lets the server refuse what arrives altered, for less than signing each chunk by its SHA-256.
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true, DisableContentSha256: true}
	if n == wholeSize {
		body, n = io.MultiReader(body, in), -1
		options.PartSize = partSize
	}
	_, err = s.client.Client.PutObject(ctx, s.bucket, object, body, n, options)
	return err
}

// forget removes an object whose upload may have succeeded although its answer was lost.
func (s *Store) forget(ctx context.Context, object string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	_ = s.client.RemoveObject(ctx, s.bucket, object, minio.RemoveObjectOptions{}) // the caller has the first error
}

// Open implements documents.ContentStore. ctx bounds the reading too.
func (s *Store) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := documents.CheckKey(key); err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, fmt.Errorf("open content: negative offset %d", offset)
	}
	if length == 0 {
		_, err := s.Size(ctx, key)
		return http.NoBody, err
	}
	var options minio.GetObjectOptions
	switch {
	case length > 0:
		options.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
	case offset > 0:
		options.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	content, _, _, err := s.client.GetObject(ctx, s.bucket, s.object(key), options)
	if minio.ToErrorResponse(err).StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return http.NoBody, nil // at or beyond the end
	}
	if err != nil {
		return nil, fmt.Errorf("open content: %w", storeError(ctx, err, nil))
	}
	return content, nil
}

// Size implements documents.ContentStore.
func (s *Store) Size(ctx context.Context, key string) (int64, error) {
	if err := documents.CheckKey(key); err != nil {
		return 0, err
	}
	info, err := s.client.StatObject(ctx, s.bucket, s.object(key), minio.StatObjectOptions{})
	if err != nil {
		return 0, fmt.Errorf("size of content: %w", storeError(ctx, err, nil))
	}
	return info.Size, nil
}

// Delete implements documents.ContentStore.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := documents.CheckKey(key); err != nil {
		return err
	}
	err := s.client.RemoveObject(ctx, s.bucket, s.object(key), minio.RemoveObjectOptions{})
	if err = storeError(ctx, err, documents.ErrStoreReadOnly); err != nil && !errors.Is(err, documents.ErrNoContent) {
		return fmt.Errorf("delete content: %w", err)
	}
	return nil
}

// Sweep gives up uploads in parts that began longer than olderThan ago, left behind by a process that died in the
// middle of a Put, and says how many. Their parts take room, but are not visible.
func (s *Store) Sweep(ctx context.Context, olderThan time.Duration) (int, error) {
	before, removed := s.now().Add(-olderThan), 0
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing where it is left early
	for upload := range s.client.ListIncompleteUploads(ctx, s.bucket, s.prefix, true) {
		err := upload.Err
		if err == nil && upload.Initiated.Before(before) {
			err = s.client.AbortMultipartUpload(ctx, s.bucket, upload.Key, upload.UploadID)
			removed++
		}
		if minio.ToErrorResponse(err).Code == minio.NoSuchUpload {
			continue // another sweeper was quicker
		}
		if err != nil {
			return removed, fmt.Errorf("sweep bucket: %w", storeError(ctx, err, nil))
		}
	}
	return removed, nil
}

func (s *Store) object(key string) string { return s.prefix + key + suffix }
