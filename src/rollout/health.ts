import type { Host } from "./host";
import type { KubeNode, Kubernetes } from "./kubernetes";
import { rulesetState } from "./ruleset";
import type { Report } from "./script";
import type { RunOptions } from "./ssh";

/** What to expect of a host after a change. */
export interface Expected {
  readonly system: string;
  /** The boot ID before the reboot; the current one has to differ. */
  readonly notBoot?: string;
}

/** Asks the host, by default over a new connection. @throws UserError when none can be made */
export const inspect = (
  host: Host,
  { fresh, timeoutSeconds }: Pick<RunOptions, "fresh" | "timeoutSeconds"> = NEW_CONNECTION,
): Promise<Report> =>
  host.call(
    "inspect",
    { emitted: host.files.get("nftables.nft") ?? "", interface: host.node.nixos.networkInterface },
    { timeoutSeconds, fresh },
  );

const NEW_CONNECTION = { fresh: true, timeoutSeconds: 30 };
export const ANY_CONNECTION = { fresh: false, timeoutSeconds: 30 };
/** For polling: reuses one connection, and gives it up soon when it does not answer. */
const POLLING_CONNECTION = { fresh: false, timeoutSeconds: 10 };

/**
 * Polls a host.
 *
 * @param fresh - over a new connection, so that the answer is evidence; else the answer shows only the progress
 */
export const poll = (host: Host, fresh: boolean): Promise<Report> =>
  inspect(host, fresh ? NEW_CONNECTION : POLLING_CONNECTION);

/** The fault of a host that is healthy according to an older connection. */
export const NO_NEW_CONNECTION = "no new SSH connection could be made";

/** Expectations that the host itself does not meet yet. */
export function hostFaults(report: Report, expected: Expected): string[] {
  const { differences } = rulesetState(report);
  return [
    ...(expected.notBoot === report.one("boot_id") ? ["it has not rebooted"] : []),
    ...(report.one("current") !== expected.system ? [`it runs ${report.one("current")}`] : []),
    ...(differences.length > 0
      ? [`its firewall differs from the emitted one (${RELOAD_HINT}): ${differences.slice(0, 3).join("; ")}`]
      : []),
    ...(report.one("flushes") === "yes"
      ? ["the next reload of its firewall would flush the rules of kube-proxy"]
      : []),
    ...forwardingFaults(report),
    ...(report.one("k3s") === "active" ? [] : [`K3s is ${report.one("k3s") || "not installed"}`]),
  ];
}

/** Without forwarding a node is still Ready, but its pods cannot reach anything outside of it. */
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
          "see boot.kernel.sysctl in its local.nix; systemctl restart systemd-sysctl on it undoes changes made by hand",
      ];
}

/**
 * Expectations that its Node does not meet yet.
 *
 * @param heartbeatBefore - the kubelet's last heartbeat before; there has to be a newer one
 */
export async function nodeFaults(
  host: Host,
  report: Report,
  kubernetes: Kubernetes,
  heartbeatBefore: string | undefined,
): Promise<string[]> {
  const node = (await kubernetes.nodes()).find(({ name }) => name === host.name);
  if (node === undefined) return ["it is not a node of the cluster yet"];
  return [
    ...(node.ready ? [] : ["its node is not Ready"]),
    ...(node.controlPlane || host.node.role !== "server" ? [] : ["its node is not a control plane yet"]),
    // The node of a dead kubelet stays Ready for 40 seconds; a live one renews its lease every 10.
    ...(node.heartbeat === heartbeatBefore ? ["its kubelet has not reported since"] : []),
    ...(node.bootId === report.one("boot_id") ? [] : ["its kubelet has not reported this boot"]),
    ...(node.version === report.one("k3s_version")
      ? []
      : [`its kubelet runs K3s ${node.version}, but its system has ${report.one("k3s_version")}`]),
  ];
}

export const lastHeartbeat = (nodes: readonly KubeNode[], host: Host): string | undefined =>
  nodes.find(({ name }) => name === host.name)?.heartbeat;

/** NixOS reloads a unit only when it has changed, so changes made by hand outlive a rollout. */
const RELOAD_HINT = "systemctl reload nftables on it undoes changes made by hand";
