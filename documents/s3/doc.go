// Package s3 keeps the bytes of mails in a bucket of Amazon S3, or of a server that speaks its protocol.
//
//	store, err := s3.New(s3.Config{
//		Endpoint: "https://s3.eu-central-1.amazonaws.com", Region: "eu-central-1", Bucket: "example-crm-mails",
//		AccessKey: "…", SecretKey: "…",
//	})
//
// The [Store] is a documents.ContentStore, so that several machines need no folder in common. It is a package of its
// own so that hosts which keep mails in a folder do not compile a client of S3.
//
// # What it guarantees and needs
//
// An upload that S3 acknowledged is durable, and an object appears whole or not at all; a server that promises less
// makes less of the module's promises. Memory stays at a few megabytes for content of any size. The access key needs
// GetObject, PutObject, DeleteObject, AbortMultipartUpload and ListBucketMultipartUploads on the bucket, and
// ListBucket, without which S3 says "denied" where it means "not there".
package s3
