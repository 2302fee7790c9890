# The token with which K3s encrypts what is secret in etcd: `K10<hash of the CA>::server:<password>`.
report_file token /var/lib/rancher/k3s/server/token
