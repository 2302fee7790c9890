import { filesAside, flagsAside, hasOwnWal, k3sOptions } from "../../src/config/k3s-aside";

const LAST = ["--disable-agent", "--etcd-disable-snapshots"];

test("a flag's value may be a word of its own", () => {
  expect(k3sOptions(["--token", "a b", "--debug", "-v=3"])).toEqual([
    { name: "token", words: ["--token", "a b"] },
    { name: "debug", words: ["--debug"] },
    { name: "v", words: ["-v=3"] },
  ]);
  expect(k3sOptions(["server", "--debug"])).toEqual([{ name: "debug", words: ["--debug"] }]);
});

test("a flag of another program is the value of the one that hands it on", () => {
  const [handed, other] = [
    ["--etcd-arg", "--wal-dir=/a"],
    ["--etcd-arg", "--quota-backend-bytes=1"],
  ];
  expect(k3sOptions([...handed, "--debug"])).toEqual([
    { name: "etcd-arg", words: handed },
    { name: "debug", words: ["--debug"] },
  ]);
  expect(k3sOptions(handed).map(hasOwnWal)).toEqual([true]);
  expect(flagsAside([...handed, ...other])).toEqual([...other, ...LAST]);
});

describe("a server aside", () => {
  test.each([
    "--token=a",
    "--token-file=/a",
    "--agent-token=a",
    "--agent-token-file=/a",
    "--data-dir=/a",
    "--write-kubeconfig=/a",
    "--write-kubeconfig-mode=600",
    "--cluster-reset",
    "--cluster-reset-restore-path=a",
    "--etcd-s3",
    "--etcd-s3-bucket=a",
    "--etcd-snapshot-dir=/a",
    "--etcd-disable-snapshots",
    "--log=/a",
    "--vpn-auth=a",
    "--vpn-auth-file=/a",
    "--kube-apiserver-arg=audit-log-path=/a",
    "--kube-apiserver-arg=--audit-log-maxage=1",
    "--etcd-arg=wal-dir=/a",
    "--etcd-arg=--log-outputs=/a",
  ])("does without what it would share with the host's own: %s", (flag) => {
    expect(flagsAside([flag, "--debug"])).toEqual(["--debug", ...LAST]);
    const [, name, value] = /^([^=]*)=([^-].*)$/.exec(flag) ?? [];
    if (name !== undefined && value !== undefined) expect(flagsAside([name, value])).toEqual(LAST);
  });

  test.each([
    "--tls-san=a",
    "--secrets-encryption",
    "--kube-apiserver-arg=audit-policy-file=/a",
    "--etcd-arg=quota-backend-bytes=1",
    "--logging-format=json",
    "--alsologtostderr",
    "--etcd-expose-metrics",
  ])("has every other flag: %s", (flag) => {
    expect(flagsAside([flag])).toEqual([flag, ...LAST]);
  });

  test("reads the files that its flags name, and not those of the agent", () => {
    const policy = "--kube-apiserver-arg=audit-policy-file=/etc/policy.yaml";
    expect(
      filesAside([policy, "--config", "/etc/k3s.yaml", "--kubelet-arg=config=/a", "--log=/a", "--debug"]),
    ).toEqual([
      { flag: policy, path: "/etc/policy.yaml" },
      { flag: "--config /etc/k3s.yaml", path: "/etc/k3s.yaml" },
    ]);
  });
});

test.each([
  [["--etcd-arg=wal-dir=/a"], true],
  [["--etcd-arg", "wal-dir=/a"], true],
  [["--etcd-arg=snapshot-count=7"], false],
])("%j puts etcd's log elsewhere: %s", (flags, expected) => {
  expect(k3sOptions(flags).map(hasOwnWal)).toEqual([expected]);
});
