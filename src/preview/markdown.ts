import { groupBy } from "../base/group-by";
import { code, counted, enumerated, plain } from "../base/markdown";
import { markdownTable } from "../base/table";
import { describeImpact, DETACHES_OTHERS, touchesDisks } from "../provider/impact";
import { namesOf, type FlowChange } from "./firewall";
import { reloads, restartsK3s, type HostChange } from "./hosts";
import type { NodeSummary, Preview } from "./preview";
import { isEmpty } from "./preview";
import type { Base } from "./trees";
import type { AttributeImpact, VmChange } from "./vms";
import { formatChange } from "./format";

/**
 * Renders the preview, dangers first.
 *
 * @param notes - remarks on how the preview was made
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
      ? [`${counted(waitingVms(preview).length, "VM")} to power-cycle later`]
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
            ["", "node", "setting", "change", "impact"],
            changed.map(({ hostnames, setting, effect, ...change }) => [
              "~",
              namesOf(hostnames.map((hostname) => ({ hostname }))),
              code(setting),
              cell(formatChange(change)),
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
        `- ${code(hostname)}, VM ${vmId}, stays and moves in the state from ${code(formerAddress ?? "")} to ${code(address)}\n`,
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

/** A table of changes. VMs with the same change share a row. */
function changedVms(all: readonly VmChange[]): string {
  const changes = all.flatMap((vm) => vm.changes.map((change) => ({ vm, change })));
  if (changes.length === 0) return "";
  const alike = groupBy(changes, ({ change }) => JSON.stringify(change));
  return markdownTable(
    ["", "VM", "setting", "change", "impact"],
    [...alike.values()].map((some) => {
      const [{ change }] = some;
      return [
        "~",
        namesOf(some.map(({ vm }) => vm)),
        code(change.where),
        cell(formatChange(change)),
        impactCell(change),
      ];
    }),
  );
}

/** Includes warnings, since a preview knows neither the VM's disks nor whether it was imported. */
const impactCell = ({ attribute, impact }: AttributeImpact): string =>
  [
    describeImpact(impact, attribute),
    ...(touchesDisks(attribute) ? [DETACHES_OTHERS] : []),
    ...(attribute === "disk.size" && impact === "nothing"
      ? ["for an imported VM the first apply fails and the second one grows the disk"]
      : []),
  ].join("; ");

const cell = (text: string): string => text.replaceAll("|", "\\|");

function firewall({ flows, hosts, nodes }: Preview): string {
  const reloading = hosts.filter(reloads);
  if (flows !== undefined && flows.length + reloading.length === 0) return "";
  return ["## Firewall\n", firewallText(flows, nodes), reloadText(reloading)].filter(Boolean).join("\n");
}

function firewallText(flows: Preview["flows"], { changed }: Preview["nodes"]): string {
  if (flows === undefined)
    return "It is unknown which flows open or close, since the base does not list its flows.\n";
  if (flows.length > 0) return `\`\`\`diff\n${flows.map(flowLine).join("")}\`\`\`\n`;
  const addresses = changed.some(({ setting }) => /Address$/.test(setting));
  return addresses
    ? "No flow opens or closes; the addresses of nodes change.\n"
    : "No flow opens or closes; only the text of the rulesets changes.\n";
}

const flowLine = ({ sign, who, arrow, whom, what }: FlowChange): string =>
  `${sign} ${who} ${arrow} ${whom}: ${what.join(", ")}\n`.replaceAll("`", "'");

const reloadText = (hosts: readonly HostChange[]): string =>
  hosts.length === 0
    ? ""
    : `Reloads atomically on ${enumerated([namesOf(hosts)])}; established connections stay.\n`;

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
    rebootText(preview),
    waiting.length === 0
      ? ""
      : `Changes of ${namesOf(waiting)} wait until you power-cycle the VM: neither an apply nor a rollout does.\n`,
  ]
    .filter(Boolean)
    .join("\n");
}

function rebootText(preview: Preview): string {
  const rebooting = rebootingHosts(preview);
  if (rebooting.length > 0) return `A rollout drains and reboots ${namesOf(rebooting)}, one at a time.\n`;
  return preview.hosts.length === 0
    ? ""
    : "No change needs a reboot; a rollout decides this finally after it has built the system.\n";
}

function outcome(host: HostChange): string {
  const parts = [
    ...(reloads(host) ? ["the firewall reloads"] : []),
    ...(restartsK3s(host) ? ["K3s restarts"] : []),
    ...(host.files.some((name) => !/^(k3s-(server|agent)\.nix|nftables\.nft)$/.test(name))
      ? ["the system is rebuilt"]
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
    cell(formatChange(change)),
    effect.words,
  ]);
  return `## Settings of the cluster\n\n${markdownTable(["setting", "change", "impact"], rows)}`;
}

function rest({ others, documents }: Preview): string {
  return [
    ...(others.length > 0
      ? [`## OpenTofu\n\nChanges other than VMs:\n\n${others.map((other) => `- ${code(other)}\n`).join("")}`]
      : []),
    ...(documents.length > 0
      ? [`## Documents\n\n${documents.map((document) => `- ${code(document)}\n`).join("")}`]
      : []),
  ].join("\n");
}

/** Renders the reason why there is no preview. */
export const failure = (what: string, complaints: string): string =>
  `# Preview\n\n> [!CAUTION]\n> ${plain(what)}\n\n\`\`\`text\n${complaints.replaceAll("```", "'''")}\n\`\`\`\n`;
