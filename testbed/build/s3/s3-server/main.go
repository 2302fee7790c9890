// Command s3-server is the S3 server of rclone (`rclone serve s3`), with objects in memory, HTTPS, and signatures that it checks.
//
//	s3-server CERTIFICATE KEY CREDENTIALS BUCKET…
//
// CREDENTIALS is a file with the lines AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=…, which no list of processes shows. It prints its
// address, and ends when its standard input does.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

func main() {
	certificate, key, buckets := os.Args[1], os.Args[2], os.Args[4:]
	storage := s3mem.New()
	for _, bucket := range buckets {
		if err := storage.CreateBucket(context.Background(), bucket); err != nil {
			log.Fatal(err)
		}
	}
	server := gofakes3.New(storage, gofakes3.WithV4Auth(credentials(os.Args[3])))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.ServeTLS(listener, server.Server(), certificate, key))
}

func credentials(file string) map[string]string {
	text, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	values := map[string]string{}
	for _, line := range strings.Fields(string(text)) {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	return map[string]string{values["AWS_ACCESS_KEY_ID"]: values["AWS_SECRET_ACCESS_KEY"]}
}
