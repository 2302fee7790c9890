// Command etcd is the server's own main, by a name that it has on a machine: its module would name it "server".
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
