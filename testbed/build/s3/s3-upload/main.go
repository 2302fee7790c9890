// Command s3-upload puts a file into a bucket as K3s does: with its library and its metadata (k3s, pkg/etcd/s3/s3.go, uploadSnapshot).
//
//	s3-upload ENDPOINT BUCKET OBJECT FILE CLUSTER NODE
//
// Credentials are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the authority of the endpoint's certificate in SSL_CERT_FILE.
package main

import (
	"context"
	"log"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func main() {
	endpoint, bucket, object, file, cluster, node := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6]
	client, err := minio.New(endpoint, &minio.Options{
		Creds:  credentials.NewEnvAWS(),
		Secure: true,
		Region: "us-east-1",
	})
	if err != nil {
		log.Fatal(err)
	}
	kind := "application/octet-stream"
	if strings.HasSuffix(object, ".zip") {
		kind = "application/zip"
	}
	_, err = client.FPutObject(context.Background(), bucket, object, file, minio.PutObjectOptions{
		ContentType:  kind,
		NumThreads:   2,
		UserMetadata: map[string]string{"K3s-Cluster-Id": cluster, "K3s-Node-Name": node},
	})
	if err != nil {
		log.Fatal(err)
	}
}
