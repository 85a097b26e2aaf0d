package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"strings"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/documents/s3"
)

// contentUsage explains the flag --content.
const contentUsage = "`place` to keep mails in: a folder, or a bucket of S3 as s3://BUCKET/PREFIX?endpoint=https://s3.example.com&region=REGION,\n" +
	"whose keys are in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for keys that end, AWS_SESSION_TOKEN, or in a file named by &credentials=FILE"

// store is where mails are kept, open.
type store interface {
	documents.ContentStore
	Close() error
}

// openContent opens the place that --content names. A folder is made if it is missing, a bucket is not asked for yet.
func openContent(place string) (store, error) {
	if !isBucket(place) {
		return documents.Files(place)
	}
	config, err := bucketConfig(place)
	if err != nil {
		return nil, err
	}
	opened, err := s3.New(config)
	if err != nil {
		return nil, err
	}
	return bucket{opened}, nil
}

func isBucket(place string) bool { return strings.HasPrefix(place, "s3://") }

// bucket is a store that nothing has to be closed of.
type bucket struct{ *s3.Store }

func (bucket) Close() error { return nil }

// bucketConfig reads an address such as s3://mails/crm?endpoint=https://s3.example.com. Keys are never part of it: other
// users of the machine see the arguments of a program.
func bucketConfig(place string) (s3.Config, error) {
	address, err := url.Parse(place)
	if err != nil || address.Host == "" || address.User != nil || address.Fragment != "" {
		return s3.Config{}, errors.New("want s3://BUCKET/PREFIX?endpoint=https://…, without keys") // not err: it may quote one
	}
	settings, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return s3.Config{}, errors.New("what follows the question mark cannot be read")
	}
	for name := range settings {
		switch name {
		case "endpoint", "region", "credentials":
		default:
			return s3.Config{}, fmt.Errorf("%q is no setting of a bucket: there are endpoint, region and credentials", name)
		}
	}
	c := s3.Config{Bucket: address.Host, Region: settings.Get("region"), Endpoint: settings.Get("endpoint")}
	if prefix := strings.Trim(address.Path, "/"); prefix != "" {
		c.Prefix = prefix + "/"
	}
	if c.Endpoint == "" && c.Region != "" {
		c.Endpoint = "https://s3." + c.Region + ".amazonaws.com"
	}
	if c.Endpoint == "" {
		return s3.Config{}, errors.New("name the server as endpoint=https://…, or for Amazon's own the region")
	}
	err = readKeys(&c, settings.Get("credentials"))
	return c, err
}

// The names under which keys are found, in the environment and, in any case, in files.
const (
	accessKeyName    = "AWS_ACCESS_KEY_ID"
	secretKeyName    = "AWS_SECRET_ACCESS_KEY" //nolint:gosec // a name
	sessionTokenName = "AWS_SESSION_TOKEN"     //nolint:gosec // a name
)

// readKeys reads the keys from a file of lines such as "aws_access_key_id = …", or without one from the environment.
func readKeys(c *s3.Config, file string) error {
	key := os.Getenv
	if file != "" {
		found, err := readSettings(file)
		if err != nil {
			return fmt.Errorf("read the keys of the bucket: %w", err)
		}
		key = func(name string) string { return found[name] }
	}
	c.AccessKey, c.SecretKey, c.SessionToken = key(accessKeyName), key(secretKeyName), key(sessionTokenName)
	if c.AccessKey == "" || c.SecretKey == "" {
		return fmt.Errorf("the keys of the bucket are missing: set %s and %s in %s",
			accessKeyName, secretKeyName, cmp.Or(file, "the environment"))
	}
	return nil
}

// readSettings reads lines of "name = value" and passes over all others.
func readSettings(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	found := make(map[string]string)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			found[strings.ToUpper(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return found, lines.Err()
}

// content tries the place where mails are kept.
func (x *examination) content(ctx context.Context, place string) bool {
	if !isBucket(place) {
		return x.folder("content", place, "run mailconnector migrate, which makes it, or let this user write in it")
	}
	kept, err := openContent(place)
	if err == nil {
		err = tryStore(ctx, kept)
	}
	if err != nil {
		x.fail("content", err, "let the key read, write, list and delete objects in the bucket, and list and abort uploads in parts")
		return false
	}
	bare, _, _ := strings.Cut(place, "?")
	x.fine("content", bare+" takes, gives and lets go of objects")
	return true
}

// tryStore writes an object, reads it back and removes it, and lists uploads in parts as the sweeper does.
func tryStore(ctx context.Context, kept store) error {
	key, text := "doctor/"+strings.ToLower(rand.Text()), "written by mailconnector doctor"
	if err := kept.Put(ctx, key, strings.NewReader(text)); err != nil {
		return err
	}
	size, err := kept.Size(ctx, key)
	if err == nil && size != int64(len(text)) {
		err = fmt.Errorf("an object of %d bytes came back with %d", len(text), size)
	}
	if sweeper, ok := kept.(bucket); ok {
		_, swept := sweeper.Sweep(ctx, math.MaxInt64) // nothing is that old
		err = errors.Join(err, swept)
	}
	return errors.Join(err, kept.Delete(ctx, key))
}
