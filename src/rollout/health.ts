import type { Host } from "./host";
import type { KubeNode, Kubernetes } from "./kubernetes";
import { rulesetState } from "./ruleset";
import type { Report } from "./script";
import type { RunOptions } from "./ssh";

/** What has to hold of a host that runs what it should. */
export interface Expected {
  readonly system: string;
  /** It has booted since: its former boot ID. */
  readonly notBoot?: string;
}

/** Asks the host over a new connection, unless stated. @throws UserError when there is none */
export const inspect = (
  host: Host,
  { fresh, timeoutSeconds }: Pick<RunOptions, "fresh" | "timeoutSeconds"> = OVER_A_NEW_ONE,
): Promise<Report> =>
  host.call(
    "inspect",
    { emitted: host.files.get("nftables.nft") ?? "", interface: host.node.nixos.networkInterface },
    { timeoutSeconds, fresh },
  );

const OVER_A_NEW_ONE = { fresh: true, timeoutSeconds: 30 };
export const OVER_ANY = { fresh: false, timeoutSeconds: 30 };
/** While a host is waited for: one connection serves, and one that says nothing is soon given up for a new one. */
const OVER_THE_SAME = { fresh: false, timeoutSeconds: 10 };

/**
 * Asks a host that is waited for.
 *
 * @param fresh - whether the answer is to count; else it says only how far the host has come
 */
export const follow = (host: Host, fresh: boolean): Promise<Report> =>
  inspect(host, fresh ? OVER_A_NEW_ONE : OVER_THE_SAME);

/** Of a host that is well by what it says over a connection that was there. */
export const NO_NEW_CONNECTION = "no new SSH connection came about";

/** What does not hold yet of the host itself. */
export function hostFaults(report: Report, expected: Expected): string[] {
  const { differences } = rulesetState(report);
  return [
    ...(expected.notBoot === report.one("boot_id") ? ["it has not rebooted"] : []),
    ...(report.one("current") !== expected.system ? [`it runs ${report.one("current")}`] : []),
    ...(differences.length > 0
      ? [`its firewall is not the emitted one (${MEND}): ${differences.slice(0, 3).join("; ")}`]
      : []),
    ...(report.one("flushes") === "yes"
      ? ["its firewall would flush the rules of kube-proxy at the next reload"]
      : []),
    ...forwardingFaults(report),
    ...(report.one("k3s") === "active" ? [] : [`K3s is ${report.one("k3s") || "not there"}`]),
  ];
}

/** Without forwarding a node is Ready, and its pods reach nobody outside of it. */
export function forwardingFaults(report: Report): string[] {
  const values = new Map(
    report.all("forwarding").map((line): [string, string] => {
      const [interfaceName = "", value = ""] = line.split(" ");
      return [interfaceName, value];
    }),
  );
  const off = [...new Set(["all", "default", ...values.keys()])].filter((name) => values.get(name) !== "1");
  return off.length === 0
    ? []
    : [
        `its kernel does not forward packets of pods (net.ipv4.conf.*.forwarding is not 1 for ${off.join(", ")}): ` +
          "see boot.kernel.sysctl of its local.nix; systemctl restart systemd-sysctl on it puts back what was changed by hand",
      ];
}

/**
 * What does not hold yet of its Node.
 *
 * @param heardBefore - when its kubelet was last heard of; it has to be heard of again
 */
export async function nodeFaults(
  host: Host,
  report: Report,
  kubernetes: Kubernetes,
  heardBefore: string | undefined,
): Promise<string[]> {
  const node = (await kubernetes.nodes()).find(({ name }) => name === host.name);
  if (node === undefined) return ["it is not a node of the cluster yet"];
  return [
    ...(node.ready ? [] : ["its node is not Ready"]),
    ...(node.controlPlane || host.node.role !== "server" ? [] : ["its node is not a control plane yet"]),
    // A kubelet that died stays Ready for 40 seconds; one that lives renews its lease every 10.
    ...(node.heard === heardBefore ? ["its kubelet was not heard of since"] : []),
    ...(node.bootId === report.one("boot_id") ? [] : ["its kubelet has not told of this boot"]),
    ...(node.version === report.one("k3s_version")
      ? []
      : [`its kubelet is of K3s ${node.version}, and its system has ${report.one("k3s_version")}`]),
  ];
}

export const heardOf = (nodes: readonly KubeNode[], host: Host): string | undefined =>
  nodes.find(({ name }) => name === host.name)?.heard;

/** NixOS reloads a unit only when it has changed, so what was done by hand outlives a rollout. */
const MEND = "systemctl reload nftables on it puts back what was changed by hand";
