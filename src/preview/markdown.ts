import { groupBy } from "../base/group-by";
import { code, counted, enumerated, plain } from "../base/markdown";
import { markdownTable } from "../base/table";
import { describeImpact, DETACHES, touchesDisks } from "../provider/impact";
import { namesOf, type FlowChange } from "./firewall";
import { reloads, restartsK3s, type HostChange } from "./hosts";
import type { NodeSummary, Preview } from "./preview";
import { isEmpty } from "./preview";
import type { Base } from "./trees";
import type { AttributeImpact, VmChange } from "./vms";
import { between } from "./format";

/**
 * The preview for people, what is dangerous first.
 *
 * @param notes - what a reader has to know of how it came about
 */
export function toMarkdown(preview: Preview, base: Base, notes: readonly string[]): string {
  const against = `Compared with ${code(base.ref)} at ${code(base.commit.slice(0, 12))}.`;
  const sections = isEmpty(preview)
    ? []
    : [nodes(preview), vms(preview), firewall(preview), hosts(preview), settings(preview), rest(preview)];
  return [
    "# Preview\n",
    `**${summary(preview)}** ${against}\n`,
    ...notes.map((note) => `> [!NOTE]\n> ${note}\n`),
    dangers(preview),
    ...sections,
  ]
    .filter(Boolean)
    .join("\n");
}

function summary(preview: Preview): string {
  if (isEmpty(preview)) return "Nothing changes.";
  const { nodes, hosts } = preview;
  const parts = [
    ...(preview.dangers.length > 0 ? [counted(preview.dangers.length, "danger")] : []),
    ...(nodes.added.length > 0 ? [`${counted(nodes.added.length, "node")} added`] : []),
    ...(nodes.removed.length > 0 ? [`${counted(nodes.removed.length, "node")} removed`] : []),
    `VMs ${vmCounts(preview.vms)}`,
    on(hosts.filter(reloads), "firewall reload"),
    on(hosts.filter(restartsK3s), "K3s restart"),
    on(rebootingHosts(preview), "reboot"),
    ...(waitingVms(preview).length > 0
      ? [`${counted(waitingVms(preview).length, "VM")} to power-cycle some day`]
      : []),
  ];
  return `${parts.join(" · ")}.`;
}

const on = (hosts: readonly unknown[], what: string): string =>
  hosts.length === 0 ? `no ${what}` : `${what} on ${counted(hosts.length, "host")}`;

function dangers({ dangers }: Preview): string {
  if (dangers.length === 0) return "";
  return `> [!CAUTION]\n>\n${dangers.map((danger) => `> - ${danger}\n`).join("")}`;
}

function nodes({ nodes: { added, removed, changed } }: Preview): string {
  if (added.length + removed.length + changed.length === 0) return "";
  const row =
    (sign: string) =>
    ({ hostname, role, vmId, ipv4Address, directory }: NodeSummary): string[] => [
      sign,
      code(hostname),
      role,
      `${vmId}`,
      ipv4Address,
      code(`nix/${directory}`),
    ];
  const comings = [...added.map(row("+")), ...removed.map(row("-"))];
  return [
    "## Nodes\n",
    ...(comings.length > 0
      ? [markdownTable(["", "node", "role", "VM ID", "address", "files"], comings)]
      : []),
    ...(changed.length > 0
      ? [
          markdownTable(
            ["", "node", "setting", "change", "what follows"],
            changed.map(({ hostnames, setting, effect, ...change }) => [
              "~",
              namesOf(hostnames.map((hostname) => ({ hostname }))),
              code(setting),
              cell(between(change)),
              effect.words,
            ]),
          ),
        ]
      : []),
  ].join("\n");
}

const of = (all: readonly VmChange[], action: VmChange["action"]): VmChange[] =>
  all.filter((vm) => vm.action === action);

const vmCounts = (all: readonly VmChange[]): string =>
  `+${of(all, "made").length} ~${of(all, "changed").length} -${of(all, "destroyed").length}`;

function vms({ vms, nodes }: Preview): string {
  if (vms.length === 0) return "";
  const made = of(vms, "made").map(({ hostname, vmId }) => {
    const node = nodes.added.find((each) => each.vmId === vmId);
    return `- \`+\` ${code(hostname)}, VM ${vmId}${node ? `: ${sizeOf(node)}` : ""}\n`;
  });
  const destroyed = of(vms, "destroyed").map(
    ({ hostname, vmId, address }) =>
      `- \`-\` ${code(hostname)}, VM ${vmId}, with its disks: ${code(address)}\n`,
  );
  const moved = vms
    .filter(({ formerAddress }) => formerAddress !== undefined)
    .map(
      ({ hostname, vmId, address, formerAddress }) =>
        `- ${code(hostname)}, VM ${vmId}, stays, and moves in the state from ${code(formerAddress ?? "")} to ${code(address)}\n`,
    );
  return [`## VMs: ${vmCounts(vms)}\n`, [...made, ...destroyed, ...moved].join(""), changedVms(vms)]
    .filter(Boolean)
    .join("\n");
}

function sizeOf({ size: { cores, sockets, memoryMib, disks, pveNode, templateVmId } }: NodeSummary): string {
  const all = disks.map((disk) => `${disk.interface} of ${disk.sizeGib} GiB on ${code(disk.datastore)}`);
  const parts = [counted(cores * sockets, "core"), `${memoryMib} MiB memory`, ...all];
  return `${parts.join(", ")}, cloned from VM ${templateVmId} on ${code(pveNode)}`;
}

/** Alike changes of several VMs are one row. */
function changedVms(all: readonly VmChange[]): string {
  const changes = all.flatMap((vm) => vm.changes.map((change) => ({ vm, change })));
  if (changes.length === 0) return "";
  const alike = groupBy(changes, ({ change }) => JSON.stringify(change));
  return markdownTable(
    ["", "VM", "setting", "change", "what it costs"],
    [...alike.values()].map((some) => {
      const [{ change }] = some;
      return [
        "~",
        namesOf(some.map(({ vm }) => vm)),
        code(change.where),
        cell(between(change)),
        impactCell(change),
      ];
    }),
  );
}

/** A preview knows neither what disks a VM has nor whether it was imported. */
const impactCell = ({ attribute, impact }: AttributeImpact): string =>
  [
    describeImpact(impact, attribute),
    ...(touchesDisks(attribute) ? [DETACHES] : []),
    ...(attribute === "disk.size" && impact === "nothing"
      ? ["of an imported VM the first apply fails, and a second grows it"]
      : []),
  ].join("; ");

const cell = (text: string): string => text.replaceAll("|", "\\|");

function firewall({ flows, hosts, nodes }: Preview): string {
  const reloading = hosts.filter(reloads);
  if (flows !== undefined && flows.length + reloading.length === 0) return "";
  return ["## Firewall\n", firewallWords(flows, nodes), reloadWords(reloading)].filter(Boolean).join("\n");
}

function firewallWords(flows: Preview["flows"], { changed }: Preview["nodes"]): string {
  if (flows === undefined)
    return "Which flows open or close is not known, since the base does not list them.\n";
  if (flows.length > 0) return `\`\`\`diff\n${flows.map(flowLine).join("")}\`\`\`\n`;
  const addresses = changed.some(({ setting }) => /Address$/.test(setting));
  return addresses
    ? "No flow opens or closes; nodes are known by other addresses.\n"
    : "No flow opens or closes; the rulesets are written otherwise.\n";
}

const flowLine = ({ sign, who, arrow, whom, what }: FlowChange): string =>
  `${sign} ${who} ${arrow} ${whom}: ${what.join(", ")}\n`.replaceAll("`", "'");

const reloadWords = (hosts: readonly HostChange[]): string =>
  hosts.length === 0 ? "" : `Reloaded on ${enumerated([namesOf(hosts)])}, in one step; connections stay.\n`;

function hosts(preview: Preview): string {
  const { hosts } = preview;
  const waiting = waitingVms(preview);
  if (hosts.length + waiting.length === 0) return "";
  const alike = groupBy(hosts, ({ files }) => files.join(", "));
  const lines = [...alike.values()].map(
    (some) => `- ${namesOf(some)}: ${some[0].files.map(code).join(", ")}: ${outcome(some[0])}\n`,
  );
  return [
    "## Hosts\n",
    lines.join(""),
    rebootWords(preview),
    waiting.length === 0
      ? ""
      : `Nothing power-cycles ${namesOf(waiting)}: changes of VMs wait until they are switched off and on.\n`,
  ]
    .filter(Boolean)
    .join("\n");
}

function rebootWords(preview: Preview): string {
  const rebooting = rebootingHosts(preview);
  if (rebooting.length > 0) return `A rollout drains and reboots ${namesOf(rebooting)}, one at a time.\n`;
  return preview.hosts.length === 0
    ? ""
    : "None of this asks for a reboot; a rollout knows for certain once it has built.\n";
}

function outcome(host: HostChange): string {
  const parts = [
    ...(reloads(host) ? ["the firewall reloads"] : []),
    ...(restartsK3s(host) ? ["K3s restarts"] : []),
    ...(host.files.some((name) => !/^(k3s-(server|agent)\.nix|nftables\.nft)$/.test(name))
      ? ["the system is built anew"]
      : []),
  ];
  return enumerated(parts);
}

const rebootingHosts = ({ nodes }: Preview): { hostname: string }[] => {
  const names = nodes.changed.filter(({ effect }) => effect.reboot).flatMap(({ hostnames }) => hostnames);
  return [...new Set(names)].map((hostname) => ({ hostname }));
};

const waitingVms = ({ vms }: Preview): VmChange[] =>
  vms.filter(({ changes }) => changes.some(({ impact }) => impact === "power-off later"));

function settings({ cluster }: Preview): string {
  if (cluster.length === 0) return "";
  const rows = cluster.map(({ setting, effect, ...change }) => [
    code(setting),
    cell(between(change)),
    effect.words,
  ]);
  return `## Settings of the cluster\n\n${markdownTable(["setting", "change", "what follows"], rows)}`;
}

function rest({ others, documents }: Preview): string {
  return [
    ...(others.length > 0
      ? [`## OpenTofu\n\nBeside VMs:\n\n${others.map((other) => `- ${code(other)}\n`).join("")}`]
      : []),
    ...(documents.length > 0
      ? [`## Documents\n\n${documents.map((document) => `- ${code(document)}\n`).join("")}`]
      : []),
  ].join("\n");
}

/** Why there is no preview. */
export const failure = (what: string, complaints: string): string =>
  `# Preview\n\n> [!CAUTION]\n> ${plain(what)}\n\n\`\`\`text\n${complaints.replaceAll("```", "'''")}\n\`\`\`\n`;
