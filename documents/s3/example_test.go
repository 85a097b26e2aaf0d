package s3_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/mailconnector/mailconnector/documents/s3"
)

// A host gives the store to the module as module.Config.Content.
func ExampleNew() {
	ctx := context.Background()
	server := httptest.NewServer(bucketServer()) // stands for Amazon S3
	defer server.Close()

	store, err := s3.New(s3.Config{
		Endpoint: server.URL, Bucket: "mails", Prefix: "crm/", AccessKey: "access", SecretKey: "secret-key",
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Put(ctx, "greeting", strings.NewReader("Hello, bucket.")); err != nil {
		log.Fatal(err)
	}
	content, err := store.Open(ctx, "greeting", 7, 6)
	if err != nil {
		log.Fatal(err)
	}
	defer content.Close()
	word, err := io.ReadAll(content)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", word)
	// Output: bucket
}

// bucketServer is a server in memory with an empty bucket.
func bucketServer() http.Handler {
	memory := s3mem.New()
	if err := memory.CreateBucket("mails"); err != nil {
		log.Fatal(err)
	}
	return gofakes3.New(memory, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
}
