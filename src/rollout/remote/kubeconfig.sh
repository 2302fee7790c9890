report_file kubeconfig /etc/rancher/k3s/k3s.yaml
