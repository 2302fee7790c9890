import { quorumOf } from "../config/quorum";
import { groupBy } from "../base/group-by";
import { isExampleKey } from "../config/ssh-keys";
import { enumerated } from "../base/markdown";
import { blockedGrowth, IMPACT_LABELS, type BlockedGrowth, type Impact } from "../provider/impact";
import type { ClusterJson } from "../render/cluster-json";
import { lostSsh, namesOf } from "./firewall";
import { keptServers, type Nodes, type NodeSettingChange } from "./nodes";
import type { SettingChange } from "./settings";
import type { AttributeImpact, VmChange } from "./vms";
import { between } from "./format";

/** What people have to know before they agree, in sentences. */
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
          "The state is kept elsewhere: without `tofu init -migrate-state` OpenTofu knows of no VM, and would make all anew",
        ]
      : []),
    ...nodes
      .filter(({ effect }) => effect.danger)
      .map(({ hostnames, effect, ...change }) => {
        const names = namesOf(hostnames.map((hostname) => ({ hostname })));
        return `**${names}**: \`${change.setting}\` ${between(change)}: ${effect.words}`;
      }),
    ...cluster
      .filter(({ effect }) => effect.danger)
      .map(({ effect, ...change }) => `\`${change.setting}\` ${between(change)}: ${effect.words}`),
  ];
}

/** What several VMs have in common is said once. */
function vmDangers(vms: readonly VmChange[]): string[] {
  const all = vms.flatMap((vm) =>
    vmDanger(vm).map((words) => ({ words, hostname: `${vm.hostname} (VM ${vm.vmId})` })),
  );
  return [...groupBy(all, ({ words }) => words)].map(([words, some]) => `**${namesOf(some)}**: ${words}`);
}

const vmDanger = ({ action, changes, reboots, unprotected }: VmChange): string[] => [
  ...(action === "destroyed" ? ["will be DESTROYED by the next apply, with its disks"] : []),
  ...(unprotected ? ["loses `prevent_destroy`: nothing stops an apply that replaces it"] : []),
  ...changes
    .filter(({ impact }) => DANGEROUS.has(impact))
    .map((change) => `\`${change.where}\` ${between(change)} ${impactLabel(change, unprotected)}`),
  ...growthDangers(blockedGrowth(changes, reboots)),
];

/** Costs that interrupt a node, take from it, or make the apply fail. */
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
    ? `${IMPACT_LABELS[impact]}, at which \`prevent_destroy\` stops the apply`
    : IMPACT_LABELS[impact];

const growthDangers = ({ growing, waiting }: BlockedGrowth<AttributeImpact>): string[] =>
  growing.map(
    ({ where }) =>
      `\`${where}\` does not grow in one apply with ${enumerated(waiting.map((other) => `\`${other}\``))}: apply it by itself, first`,
  );

/** What two descriptions of a cluster say that no single setting does. */
export function clusterDangers(before: ClusterJson, after: ClusterJson, nodes: Nodes): string[] {
  return [...lostQuorum(before, nodes), ...lostOperators(before, after)];
}

/** Members that are gone at once leave the others without a majority, whoever joins later. */
function lostQuorum(before: ClusterJson, nodes: Nodes): string[] {
  const servers = before.nodes.filter(({ role }) => role === "server");
  const kept = keptServers(nodes);
  const quorum = quorumOf(servers.length);
  if (servers.length === 0 || kept.length >= quorum) return [];
  const lost = servers.filter((server) => !kept.some(({ vmId }) => vmId === server.vmId));
  return [
    `**etcd loses its quorum**: of ${servers.length} servers ${kept.length} would stay, and it needs ${quorum}. ` +
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
    .map((line) => `**SSH** no longer lets in the key ${commentOf(line)}`);
  return [...networks, ...people];
}

const keyOf = (line: string): string => line.split(" ")[1] ?? line;

/** A key is named by its owner's comment, or by its end. */
const commentOf = (line: string): string => {
  const [, key = "", ...comment] = line.split(" ");
  return `\`${comment.join(" ") || `…${key.slice(-12)}`}\``;
};
