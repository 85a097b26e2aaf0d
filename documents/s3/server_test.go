package s3_test

import (
	"context"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/mailconnector/mailconnector/documents/s3"
)

// What the servers of the tests are told.
const (
	accessKey = "access"
	secretKey = "secret-key"
	bucket    = "mails"
)

// config is a bucket on a server.
func config(endpoint string) s3.Config {
	return s3.Config{Endpoint: endpoint, Bucket: bucket, AccessKey: accessKey, SecretKey: secretKey}
}

func newStore(t testing.TB, c s3.Config) *s3.Store {
	t.Helper()
	store, err := s3.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// inProcess starts a server in memory with an empty bucket and returns its address.
func inProcess(t testing.TB) string {
	t.Helper()
	memory := s3mem.New()
	if err := memory.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(memory, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(server.Close)
	return server.URL
}

// asProcess starts versitygw, a server of S3 on a folder, with an empty bucket and returns its address.
func asProcess(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("versitygw")
	if err != nil {
		t.Skip("versitygw is not on the PATH: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
	}
	for range 5 {
		address := freeAddress(t)
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path, "--port", address, "--quiet", "posix", t.TempDir())
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running, end := context.WithCancel(context.WithoutCancel(t.Context()))
		go func() {
			defer end()
			_ = cmd.Wait()
		}()
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			<-running.Done()
		})
		if makeBucket(running, t, address) {
			return "http://" + address
		}
		t.Logf("the server ended: %v; %s may be somebody else's by now", cmd.ProcessState, address)
	}
	t.Fatal("the server ends on every address")
	return ""
}

// makeBucket waits for the server, and returns false where it does not run any more.
func makeBucket(running context.Context, t testing.TB, address string) bool {
	t.Helper()
	client := newClient(t, address)
	for ; running.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if client.MakeBucket(running, bucket, minio.MakeBucketOptions{}) == nil {
			return true
		}
	}
	return false
}

// newClient looks into a server past the store.
func newClient(t testing.TB, address string) *minio.Core {
	t.Helper()
	client, err := minio.NewCore(address, &minio.Options{
		Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1", MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// freeAddress is nobody's when it is returned. A moment later it may be another program's.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
