import { quorumOf } from "../config/quorum";
import { groupBy } from "../base/group-by";
import { isExampleKey } from "../config/ssh-keys";
import {
  minorOfPackage,
  minorsAfter,
  minorSteps,
  packageOfMinor,
  releasesAfter,
  releaseSteps,
} from "../config/version-steps";
import { enumerated } from "../base/markdown";
import { blockedGrowth, IMPACT_LABELS, type BlockedGrowth, type Impact } from "../provider/impact";
import type { ClusterJson } from "../render/cluster-json";
import { lostSsh, namesOf } from "./firewall";
import { keptServers, type Nodes, type NodeSettingChange } from "./nodes";
import type { SettingChange } from "./settings";
import type { AttributeImpact, VmChange } from "./vms";
import { formatChange } from "./format";

/** Dangers of a change, as sentences. */
export function dangersOf(
  vms: readonly VmChange[],
  backendMoves: boolean,
  cluster: readonly SettingChange[],
  nodes: readonly NodeSettingChange[],
): string[] {
  return [
    ...vmDangers(vms),
    ...(backendMoves
      ? [
          "The backend of the state changes: without `tofu init -migrate-state`, OpenTofu has an empty state and would create all VMs again",
        ]
      : []),
    ...nodes
      .filter(({ effect }) => effect.danger)
      .map(({ hostnames, effect, ...change }) => {
        const names = namesOf(hostnames.map((hostname) => ({ hostname })));
        return `**${names}**: \`${change.setting}\` ${formatChange(change)}: ${effect.words}`;
      }),
    ...cluster
      .filter(({ effect }) => effect.danger)
      .map(({ effect, ...change }) => `\`${change.setting}\` ${formatChange(change)}: ${effect.words}`),
  ];
}

/** Dangers of VMs. VMs with the same danger share a sentence. */
function vmDangers(vms: readonly VmChange[]): string[] {
  const all = vms.flatMap((vm) =>
    vmDanger(vm).map((words) => ({ words, hostname: `${vm.hostname} (VM ${vm.vmId})` })),
  );
  return [...groupBy(all, ({ words }) => words)].map(([words, some]) => `**${namesOf(some)}**: ${words}`);
}

const vmDanger = ({ action, changes, reboots, unprotected }: VmChange): string[] => [
  ...(action === "destroyed" ? ["will be DESTROYED by the next apply, with its disks"] : []),
  ...(unprotected ? ["loses `prevent_destroy`: nothing stops an apply from replacing it"] : []),
  ...changes
    .filter(({ impact }) => DANGEROUS.has(impact))
    .map((change) => `\`${change.where}\` ${formatChange(change)} ${impactLabel(change, unprotected)}`),
  ...growthDangers(blockedGrowth(changes, reboots)),
];

/** Impacts that interrupt a node, remove something from it, or make the apply fail. */
const DANGEROUS: ReadonlySet<Impact> = new Set([
  "replacement",
  "failing replacement",
  "refused",
  "needs off",
  "root only",
  "template",
  "new empty disk",
  "detached disk",
  "detached disk later",
  "live interface",
  "live device",
  "host's drive",
  "power-off now",
]);

const impactLabel = ({ impact }: AttributeImpact, unprotected: boolean): string =>
  /replacement$/.test(impact) && !unprotected
    ? `${IMPACT_LABELS[impact]}; \`prevent_destroy\` stops the apply`
    : IMPACT_LABELS[impact];

const growthDangers = ({ growing, waiting }: BlockedGrowth<AttributeImpact>): string[] =>
  growing.map(
    ({ where }) =>
      `\`${where}\` cannot grow in the same apply as ${enumerated(waiting.map((other) => `\`${other}\``))}: apply the growth first, in a separate apply`,
  );

/** Dangers that follow from more than one setting. */
export function clusterDangers(before: ClusterJson, after: ClusterJson, nodes: Nodes): string[] {
  return [
    ...lostQuorum(before, nodes),
    ...lostOperators(before, after),
    ...unsafeUpgrades(
      [before, after].map(({ cluster }) => cluster.k3s.package),
      nodes.kept.map((pair) => [pair.before.nixos.release, pair.after.nixos.release]),
    ),
  ];
}

/**
 * Versions that `rollout upgrade` would refuse, as far as `main.ts` alone says them.
 *
 * @param packages - of K3s, before and after
 * @param releases - of NixOS, before and after, of each host
 */
export function unsafeUpgrades(
  packages: readonly string[],
  releases: readonly (readonly [string, string])[],
): string[] {
  const [from, to] = packages.map(minorOfPackage);
  const k3s = from === undefined || to === undefined ? [] : minorFaults(from, to);
  return [...k3s, ...new Set(releases.flatMap(([old, now]) => releaseFaults(old, now)))];
}

function minorFaults(from: string, to: string): string[] {
  const steps = minorSteps(from, to);
  if (steps < 0)
    return [`**K3s** ${from} becomes ${to}: it has no way back to an older minor but a backup of it`];
  const [next = to] = minorsAfter(from, to);
  return steps > 1
    ? [`**K3s** goes one minor at a time: from ${from} to ${next} first (\`${packageOfMinor(next)}\`)`]
    : [];
}

function releaseFaults(from: string, to: string): string[] {
  const steps = releaseSteps(from, to);
  if (steps < 0)
    return [`**NixOS** ${from} becomes ${to}: what its services have stored may be too new for it`];
  const [next = to] = releasesAfter(from, to);
  return steps > 1 ? [`**NixOS** goes one release at a time: from ${from} to ${next} first`] : [];
}

/** If too many members leave at once, the others have no majority, even if new ones join later. */
function lostQuorum(before: ClusterJson, nodes: Nodes): string[] {
  const servers = before.nodes.filter(({ role }) => role === "server");
  const kept = keptServers(nodes);
  const quorum = quorumOf(servers.length);
  if (servers.length === 0 || kept.length >= quorum) return [];
  const lost = servers.filter((server) => !kept.some(({ vmId }) => vmId === server.vmId));
  return [
    `**etcd loses quorum**: ${kept.length} of ${servers.length} servers would stay, but ${quorum} are needed. ` +
      `Change one server at a time; lost: ${namesOf(lost)}`,
  ];
}

function lostOperators(before: ClusterJson, after: ClusterJson): string[] {
  const keys = new Set(after.cluster.authorizedKeys.map(keyOf));
  const networks = lostSsh(before, after).map(
    ({ network, to }) =>
      `**SSH** is no longer open to \`${network}\`${to === "every host" ? "" : ` on ${to}`}`,
  );
  const people = before.cluster.authorizedKeys
    .filter((line) => !keys.has(keyOf(line)) && !isExampleKey(line))
    .map((line) => `**SSH** no longer accepts the key ${commentOf(line)}`);
  return [...networks, ...people];
}

const keyOf = (line: string): string => line.split(" ")[1] ?? line;

/** Names a key by its comment, or else by its end. */
const commentOf = (line: string): string => {
  const [, key = "", ...comment] = line.split(" ");
  return `\`${comment.join(" ") || `…${key.slice(-12)}`}\``;
};
