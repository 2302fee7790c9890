import type { Bed } from "./evidence";

/** What is real in the suites that show a promise. The longest path that a suite begins with counts. */
export const BEDS: readonly Bed[] = [
  {
    suites: [
      "__tests__/backup/",
      "__tests__/base/",
      "__tests__/canary.test.ts",
      "__tests__/cluster-json.test.ts",
      "__tests__/config/",
      "__tests__/constructs/",
      "__tests__/documents.test.ts",
      "__tests__/emit/",
      "__tests__/firewall/",
      "__tests__/init/",
      "__tests__/json-schema.test.ts",
      "__tests__/messages.test.ts",
      "__tests__/provider/",
      "__tests__/reference/",
      "__tests__/render/",
      "__tests__/rollout/",
      "__tests__/s3/",
      "__tests__/simulation/",
    ],
    programs: ["Node"],
  },
  { suites: ["__tests__/project.test.ts", "__tests__/cli/synth.test.ts"], programs: ["Node", "npm"] },
  { suites: ["__tests__/emit/git.test.ts", "__tests__/rollout/token.test.ts"], programs: ["Node", "git"] },
  { suites: ["__tests__/preview/"], programs: ["Node", "git"] },
  {
    suites: ["__tests__/preview/packages.test.ts"],
    programs: ["npm"],
    standIn: "the npm registry, which is out of reach: packages come from tarballs",
  },
  {
    suites: ["__tests__/system/package/upgrade.test.ts"],
    programs: ["npm", "git"],
    real: "the packed package and the npm registry",
  },
  { suites: ["__tests__/render/readme-readers.test.ts"], programs: ["Node", "Mermaid"] },
  { suites: ["__tests__/render/runbook.test.ts"], programs: ["bash", "zsh", "fish"], standIn: "K3s" },
  {
    suites: ["__tests__/rollout/ssh.test.ts"],
    programs: ["Node"],
    standIn: "the SSH client, by shell scripts that fail as real ones did",
  },
  {
    suites: ["__tests__/rollout/remote.test.ts"],
    programs: ["Node"],
    real: "the programs that run on hosts, in a shell of the test's machine",
  },
  {
    suites: ["__tests__/cli/"],
    programs: ["Node"],
    standIn: "OpenTofu, by a script that notes how it is called",
  },
  {
    suites: ["__tests__/system/tofu-question.test.ts"],
    programs: ["util-linux"],
    real: "a terminal",
    standIn: "OpenTofu, by a script that notes how it is called",
  },
  {
    suites: ["__tests__/gate/"],
    programs: ["Node"],
    real: "plans of OpenTofu 1.12.6 and 1.10.7 and of Terraform 1.11.4 and 1.5.7 with the real provider, made once and kept; some are edited, as their tests say",
    standIn: "Proxmox VE's API, by a list of guests, when the plans were made",
  },
  {
    suites: ["__tests__/doctor/"],
    programs: ["Node"],
    standIn: "the operator's programs and Proxmox VE",
  },
  {
    suites: ["__tests__/workflows.test.ts"],
    programs: ["actionlint"],
    standIn: "GitHub and its runners: the workflows' shell steps are run here",
  },
  {
    suites: ["__tests__/package/"],
    programs: ["Node", "npm"],
    real: "the packed package",
    standIn: "the npm registry: dependencies are linked from the checkout",
  },
  {
    suites: ["__tests__/system/package/"],
    programs: ["npm"],
    real: "the packed package, the npm registry, and each version of Node that is promised",
  },
  {
    suites: ["__tests__/system/preview.test.ts"],
    programs: ["Linux kernel", "git", "Node"],
    real: "network namespaces",
  },
  {
    suites: ["__tests__/system/tofu/"],
    programs: ["OpenTofu", "OpenTofu provider bpg/proxmox", "OpenSSL"],
    standIn: "Proxmox VE's API (`testbed/pve`); no guest runs",
  },
  {
    suites: ["__tests__/system/tutorial/"],
    programs: [
      "npm",
      "git",
      "OpenTofu",
      "OpenTofu provider bpg/proxmox",
      "OpenSSL",
      "Linux kernel",
      "OpenSSH",
      "nft",
    ],
    real: "the packed package",
    standIn: "Proxmox VE's API (`testbed/pve`), the npm registry, NixOS' build and activation, systemd, K3s",
  },
  {
    suites: ["__tests__/system/doctor.test.ts", "__tests__/system/inventory.test.ts"],
    programs: ["OpenSSL"],
    standIn: "Proxmox VE's API (`testbed/pve`)",
  },
  {
    suites: ["__tests__/system/data-disks.test.ts"],
    programs: ["Linux kernel", "util-linux"],
    real: "loop devices, and the programs that make and grow filesystems",
    standIn: "NixOS' units, which run the program, and the disk's name in a guest",
  },
  {
    suites: ["__tests__/system/links.test.ts"],
    programs: ["Linux kernel", "udev", "Nix"],
    real: "a network card of the machine",
    standIn: "NixOS' text of the .link files, their place in the initrd, and a boot",
  },
  {
    suites: [
      "__tests__/system/packets.test.ts",
      "__tests__/system/mutation.test.ts",
      "__tests__/system/reload.test.ts",
      "__tests__/system/forwarding.test.ts",
    ],
    programs: ["Linux kernel", "nft", "iptables", "iproute2"],
    real: "packets between network namespaces, VXLAN, and an attacker's own frames",
    standIn: "kube-proxy's and flannel's rules, which are loaded as K3s writes them; WireGuard",
  },
  {
    suites: ["__tests__/system/nft.test.ts"],
    programs: ["Linux kernel", "nft"],
    standIn: "the tables of kube-proxy and flannel, and NixOS' unit that loads the ruleset",
  },
  {
    suites: [
      "__tests__/system/nix.test.ts",
      "__tests__/system/nix-text.test.ts",
      "__tests__/system/nix-mistakes.test.ts",
    ],
    programs: ["Nix"],
    standIn: "nixpkgs, by a table of options made by hand from NixOS' modules",
  },
  {
    suites: ["__tests__/system/nixpkgs.test.ts"],
    programs: ["Nix"],
    real: "downloads, hashes and garbage collection in a store of the test's own",
    standIn:
      "nixpkgs, by a few lines; GitHub and NixOS' channels, by a server of the machine; nixos-rebuild, by a script that notes its words",
  },
  {
    suites: ["__tests__/system/builder.test.ts"],
    programs: ["Nix"],
    real: "builds, exports, imports, hashes and garbage collection, in two stores of the test's own",
    standIn: "nixpkgs and NixOS, by a few lines; SSH, by shells of the machine",
  },
  {
    suites: ["__tests__/system/fuzz.test.ts"],
    programs: ["Nix", "nft", "Mermaid", "marked"],
    standIn: "OpenTofu, by its rules for escapes",
  },
  {
    suites: ["__tests__/system/simulation/"],
    programs: ["etcd", "Linux kernel", "iproute2", "nft"],
    real: "five members of etcd, and the ways between hosts, in network namespaces",
    standIn:
      "PVE nodes and their switch, by bridges; VMs, by namespaces whose processes stop; published services",
  },
  { suites: ["__tests__/system/dnsmasq.test.ts"], programs: ["dnsmasq"] },
  { suites: ["__tests__/system/haproxy.test.ts"], programs: ["HAProxy"] },
  {
    suites: ["__tests__/system/api-vip/"],
    programs: ["Linux kernel", "nft", "iproute2", "keepalived", "OpenSSL", "Nix"],
    real: "network namespaces with the emitted firewalls, and the check of the API as emitted",
    standIn: "the Kubernetes API, and NixOS' module, by its own text of keepalived.conf",
  },
  { suites: ["__tests__/system/bind.test.ts"], programs: ["BIND"] },
  {
    suites: ["__tests__/system/template-vm.test.ts"],
    programs: ["Nix", "mtools"],
    standIn: "nixpkgs, whose image builder did not run",
  },
  {
    suites: ["__tests__/system/reset-by-ssh.test.ts"],
    programs: ["Linux kernel", "OpenSSH"],
    real: "the SSH server and its shell",
    standIn:
      "Proxmox VE, by scripts for qm and pvesh with rules from qemu-server's source (`testbed/pve-node`)",
  },
  {
    suites: ["__tests__/system/template-making.test.ts"],
    programs: ["Linux kernel", "OpenSSH", "e2fsprogs"],
    real: "the SSH server and its shell, and the image",
    standIn:
      "Proxmox VE, by scripts for qm and pvesh with rules from qemu-server's source (`testbed/pve-node`)",
  },
  {
    suites: ["__tests__/system/template-scan.test.ts"],
    programs: ["e2fsprogs", "util-linux"],
    real: "partition tables, filesystems and SSH keys",
    standIn: "the files of a NixOS, by a few of each kind",
  },
  {
    suites: ["__tests__/system/monitoring.test.ts"],
    programs: ["Linux kernel", "nft", "etcd", "OpenSSL", "node_exporter", "promtool", "vmalert"],
    real: "the firewall's table, packets, filesystems and certificates of a host, and three members of etcd",
    standIn:
      "systemd's timer and systemctl, K3s, NixOS' links to the booted and the current system, the two metrics of the clock, and the hours that pass",
  },
  { suites: ["__tests__/system/shellcheck.test.ts"], programs: ["ShellCheck"] },
  {
    suites: ["__tests__/system/systemd-boot.test.ts"],
    programs: ["QEMU", "OVMF", "systemd-boot"],
    real: "the firmware's variables",
    standIn:
      "the entries, written as NixOS writes them; bootctl, by the firmware's shell and by a script; the kernels, by programs for UEFI that print their system",
  },
  {
    suites: ["__tests__/system/grub.test.ts"],
    programs: ["GRUB", "QEMU"],
    real: "filesystems, each on a disk with GRUB for BIOS",
    standIn:
      "grub.cfg, written as NixOS writes what counts; the kernel, by a few instructions that print its command line",
  },
  {
    suites: ["__tests__/system/machines/volumes.test.ts"],
    programs: ["Linux kernel", "OpenSSH", "nft"],
    real: "SSH servers, tar, the filesystem with its attributes, the copies and their interruptions",
    standIn: "K3s, its provisioner and kubectl",
  },
  {
    suites: ["__tests__/system/machines/backup.test.ts"],
    programs: ["Linux kernel", "OpenSSH", "nft", "age", "git"],
    real: "SSH servers, the copy and its interruptions, the encryption of the token",
    standIn: "K3s, its snapshots and kubectl; no S3 server ran",
  },
  {
    suites: ["__tests__/system/s3.test.ts"],
    programs: ["S3 server of rclone", "minio-go", "OpenSSL"],
    real: "signatures, TLS, broken connections, and the upload by K3s' library",
    standIn: "etcd, whose format the snapshots have",
  },
  {
    suites: ["__tests__/system/machines/restore.test.ts", "__tests__/system/machines/canary.test.ts"],
    programs: ["Linux kernel", "OpenSSH", "nft", "S3 server of rclone", "minio-go"],
    real: "SSH servers and the emitted firewalls, in namespaces",
    standIn: "NixOS' build and activation, systemd, the boot loader, K3s, kubectl and kubelets",
  },
  {
    suites: ["__tests__/system/machines/"],
    programs: ["Linux kernel", "OpenSSH", "nft"],
    real: "SSH servers and the emitted firewalls, in namespaces",
    standIn: "NixOS' build and activation, systemd, the boot loader, K3s, kubectl and kubelets",
  },
  {
    suites: ["__tests__/system/machines/trial-reset.test.ts"],
    programs: ["Linux kernel", "OpenSSH", "nft"],
    real: "SSH servers in namespaces, and TLS to the API",
    standIn:
      "Proxmox VE's API (`testbed/pve`), whose reset switches a machine off and on; NixOS' build, systemd, the boot loader, K3s, kubectl and kubelets",
  },
  {
    suites: ["__tests__/system/aside-here.test.ts"],
    programs: ["Linux kernel"],
    real: "namespaces, mounts and processes",
    standIn: "K3s, by a script that never ends",
  },
  {
    suites: ["__tests__/system/nspawn/drill.test.ts"],
    programs: ["systemd-nspawn", "Linux kernel", "Nix"],
    real: "Debian's systemd with its limits, in a container",
    standIn: "NixOS, and K3s by a script that never ends",
  },
  {
    suites: ["__tests__/system/nspawn/"],
    programs: ["systemd-nspawn", "OpenSSH", "nft"],
    real: "Debian's systemd with its timers and reboots, and sshd with PAM, in containers",
    standIn: "NixOS' build and activation, the boot loader, the kernel's boot, K3s",
  },
  {
    suites: ["__tests__/system/kubernetes/aside.test.ts"],
    programs: ["kube-apiserver", "kubectl", "etcd", "etcdutl", "Linux kernel"],
    standIn: "K3s, by a script around these programs; SSH",
  },
  {
    suites: ["__tests__/system/kubernetes/"],
    programs: ["kube-apiserver", "etcd", "kubectl"],
    real: "kube-controller-manager",
    standIn: "kubelets, K3s' controller of etcd's members, SSH",
  },
];
