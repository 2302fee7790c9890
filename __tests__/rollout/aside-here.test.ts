import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hereFaults, k3sHere } from "../../src/rollout/aside-here";
import type { Restorable } from "../../src/rollout/restorable";
import { temporaryFolder } from "../fixture";

const what = { backup: { manifest: { k3sVersion: "v1.33.5+k3s1" } } } as unknown as Restorable;

/** A program that says that it is this version. */
function saying(words: string): string {
  const path = join(temporaryFolder(), "k3s");
  writeFileSync(path, `#!/bin/sh\necho '${words}'\n`, { mode: 0o755 });
  return path;
}

test("another machine than Linux is refused before anything is looked for on it", async () => {
  expect(await hereFaults(what, [], undefined, "darwin")).toEqual([
    "this machine has no Linux, which K3s needs: leave --here out, and it is tried on a host",
  ]);
});

test("a K3s of the backup's minor version is asked for", async () => {
  const faults = (k3s: string | undefined): Promise<string[]> => hereFaults(what, [], k3s);
  expect(await faults(saying("k3s version v1.33.9+k3s2 (abcdef01)"))).toEqual([]);
  const remedy = "name one of K3s 1.33 with --k3s";
  const newer = saying("k3s version v1.34.2+k3s1 (abcdef01)");
  expect(await faults(newer)).toEqual([
    `${newer} is K3s v1.34.2+k3s1, and the backup is of v1.33.5+k3s1: ${remedy}`,
  ]);
  const other = saying("Client Version: v1.33.5");
  expect(await faults(other)).toEqual([`${other} --version is not that of K3s: ${remedy}`]);
  expect(await faults(k3sHere("/nowhere/k3s"))).toEqual([
    `there is no such program of K3s on this machine: ${remedy}`,
  ]);
  expect(await faults("/var/lib/rancher/k3s/data/current/bin/k3s")).toEqual([
    expect.stringContaining("copy it elsewhere"),
  ]);
});

test("a file of the hosts that K3s reads is named by its flag", async () => {
  const own = join(temporaryFolder(), "policy.yaml");
  writeFileSync(own, "");
  const flags = [
    "--agent-token-file=/var/lib/k3s-secrets/agent-token",
    "--vpn-auth-file=/var/lib/k3s-secrets/vpn",
    "--etcd-arg=wal-dir=/srv/wal",
    "--kubelet-arg=config=/etc/kubelet.yaml",
    "--cluster-cidr=10.42.0.0/16",
    `--kube-apiserver-arg=authorization-config=${own}`,
    "--kube-apiserver-arg=audit-policy-file=/srv/policy.yaml",
    "--kube-apiserver-arg",
    "admission-control-config-file=/var/lib/rancher/k3s/server/psa.yaml",
  ];
  const why = "names a file of the hosts, which K3s does not have here: try the backup on a host";
  expect(await hereFaults(what, flags, saying("k3s version v1.33.9+k3s2 (abcdef01)"))).toEqual([
    `--kube-apiserver-arg=audit-policy-file=/srv/policy.yaml ${why}`,
    `--kube-apiserver-arg admission-control-config-file=/var/lib/rancher/k3s/server/psa.yaml ${why}`,
  ]);
});

test("all that is missing is named at once", async () => {
  const path = process.env.PATH;
  process.env.PATH = temporaryFolder();
  try {
    const faults = await hereFaults(what, [], k3sHere(undefined));
    expect(faults.map((fault) => /^\w+/.exec(fault)?.[0])).toEqual([
      "ip",
      "mount",
      "ps",
      "setsid",
      "unshare",
      "there",
    ]);
  } finally {
    process.env.PATH = path;
  }
});
