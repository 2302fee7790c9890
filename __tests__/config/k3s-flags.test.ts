import { Faults } from "../../src/config/fault";
import { FIRST_RELEASES, FLAG_NAMES } from "../../src/config/k3s-flag-names";
import { checkFlags, lateFlags } from "../../src/config/k3s-flags";
import type { Role } from "../../src/config/settings";

function faultsOf(flags: readonly string[], role: Role = "server"): string[] {
  const faults = new Faults();
  checkFlags("flags", flags, role, faults);
  return faults.all.map(({ sentence }) => sentence ?? "");
}

/** Every way in which K3s and the component that gets it take an argument. */
const spellings = (flag: string, argument: string, value: string): string[] => {
  const names = [argument, argument.replaceAll("-", "_")];
  return names.flatMap((name) =>
    ["", "--"].flatMap((prefix) =>
      ["", "+", "-"].map((suffix) => `--${flag}=${prefix}${name}${suffix}=${value}`),
    ),
  );
};

test.each([
  ["kubelet-arg", "read-only-port", "10255"],
  ["kubelet-arg", "port", "1"],
  ["kubelet-arg", "anonymous-auth", "true"],
  ["kubelet-arg", "authorization-mode", "AlwaysAllow"],
  ["kubelet-arg", "config", "/etc/x"],
  ["kubelet-arg", "config-dir", "/etc/x"],
  ["kube-proxy-arg", "proxy-mode", "ipvs"],
  ["kube-proxy-arg", "config", "/etc/x"],
  ["kube-apiserver-arg", "anonymous-auth", "true"],
  ["kube-apiserver-arg", "authorization-mode", "AlwaysAllow"],
  ["kube-apiserver-arg", "authorization-mode", "Node,AlwaysAllow"],
  ["kube-apiserver-arg", "authorization-config", "/etc/x"],
  ["kube-apiserver-arg", "service-node-port-range", "1-2"],
  ["kube-apiserver-arg", "secure-port", "1"],
  ["kube-controller-manager-arg", "cluster-cidr", "10.0.0.0/8"],
  ["kube-controller-arg", "cluster-cidr", "10.0.0.0/8"],
])("--%s %s=%s is refused in every spelling that K3s takes", (flag, argument, value) => {
  for (const spelling of spellings(flag, argument, value)) {
    const faults = faultsOf([spelling]);
    expect([spelling, faults]).toEqual([spelling, [expect.stringContaining(`=${argument} with a value`)]]);
    expect(faults.join()).not.toContain(`${argument}=${value}`);
  }
});

test.each([
  "--config=/etc/x",
  "--c=/etc/x",
  "--supervisor-port=9345",
  "--https-listen-port=7443",
  "--apiserver-port=6444",
  "--disable-kube-proxy",
  "--disable-kube-proxy=true",
  "--flannel-conf=/etc/x",
])("%s is refused, since the firewall would be wrong", (flag) => {
  expect(faultsOf([flag])).toEqual([expect.stringMatching(/must not contain --[^;]*: /)]);
});

test.each([
  "--token=x",
  "--t=x",
  "--cluster-secret=x",
  "--server=x",
  "--s=x",
  "--cluster-reset",
  "--i=10.0.0.1",
])("%s is refused, since a setting or the emitted file sets it", (flag) => {
  expect(faultsOf([flag])).toEqual([expect.stringMatching(/; use .* instead$/)]);
});

test.each([
  ["--kubelet-arg", "--read-only-port=10255"],
  ["--kube-proxy-arg", "--proxy-mode=ipvs"],
  ["--data-dir", "--debug"],
  ["--a-flag-of-tomorrow"],
])("%s in a word of its own is refused, since K3s takes the next word for its value", (...flags) => {
  expect(faultsOf(flags)[0]).toContain(`has ${flags[0]} without a value`);
});

test.each(["-c=/etc/x", "--kubelet-arg read-only-port=1", "read-only-port=1", "-kubelet-arg=port=1", "--"])(
  "%s is not a flag",
  (flag) => {
    expect(faultsOf([flag])).toEqual([expect.stringContaining("is not --name or --name=value")]);
  },
);

test.each([
  "--kubelet-arg=anonymous-auth=false",
  "--kubelet-arg=authorization-mode=Webhook",
  "--kubelet-arg=max-pods=50",
  "--kubelet-arg=--max-pods=50",
  "--kube-proxy-arg=proxy-mode=iptables",
  "--kube-apiserver-arg=authorization-mode=Node,RBAC",
  "--disable=metrics-server,local-storage",
  "--debug",
  "--a-switch-of-tomorrow=true",
])("%s is not a fault", (flag) => {
  expect(faultsOf([flag])).toEqual([]);
});

test("an argument without a value is true", () => {
  expect(faultsOf(["--kubelet-arg=anonymous-auth"])).toEqual([
    expect.stringContaining("without authentication"),
  ]);
});

test.each<[string | undefined, string[]]>([
  ["1.31", ["etcd-s3-retention", "node-internal-dns"]],
  ["1.32", ["etcd-s3-retention"]],
  ["1.33", ["etcd-s3-retention"]],
  ["1.34", []],
  [undefined, ["etcd-s3-retention", "node-internal-dns"]],
])("of K3s %s, a release may lack %j", (minor, late) => {
  const flags = ["--etcd-s3-retention=3", "--node-internal-dns=a.example.org", "--debug"];
  expect(lateFlags(flags, minor).map(({ name }) => name)).toEqual(late);
});

test("only flags that are known have a first release, in order of the versions", () => {
  const known: readonly string[] = [...FLAG_NAMES.server, ...FLAG_NAMES.agent];
  for (const [name, releases] of Object.entries(FIRST_RELEASES)) {
    expect(known).toContain(name);
    expect(releases.map((release) => release.split(".")[1])).toEqual(
      ["31", "32", "33"].slice(0, releases.length),
    );
  }
});
