import { groupBy } from "../base/group-by";
import { code, counted, enumerated, plain } from "../base/markdown";
import { HOSTS_FOLDER } from "../config/names";
import { describeImpact, DETACHES_OTHERS, touchesDisks } from "../provider/impact";
import { namesOf, type FlowChange } from "./firewall";
import { changesSystem, reloads, restartsK3s, type HostChange } from "./hosts";
import type { NodeSummary, Preview } from "./preview";
import { isEmpty } from "./preview";
import type { Base } from "./trees";
import type { AttributeImpact, VmChange } from "./vms";
import { formatChange } from "./format";

/** The sign of what is added, removed or changed. */
export type Sign = "+" | "-" | "~";

/** An item of a list. */
export interface Item {
  readonly sign?: Sign;
  readonly text: string;
}

/**
 * A part of the report. Texts and cells are inline Markdown of `src/base/markdown.ts`: code, and names in bold. The first
 * cell of a row is a sign where the table's head is empty.
 */
export type Block =
  | { readonly kind: "title" | "cluster" | "heading" | "text" | "note" | "failure"; readonly text: string }
  | { readonly kind: "summary"; readonly text: string; readonly against?: string }
  | { readonly kind: "dangers"; readonly items: readonly string[] }
  | { readonly kind: "list"; readonly items: readonly Item[] }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  /** Plain text. */
  | { readonly kind: "flows"; readonly flows: readonly Required<Item>[] }
  | { readonly kind: "output"; readonly text: string };

const TITLE: Block = { kind: "title", text: "Preview" };

/**
 * The preview in words, dangers first, as `markdown.ts` and `terminal.ts` draw it.
 *
 * @param notes - remarks on how the preview was made
 * @param folder - of the hosts
 */
export const reportOf = (
  preview: Preview,
  base: Base,
  notes: readonly string[],
  folder = HOSTS_FOLDER,
): Block[] => [
  TITLE,
  { kind: "summary", text: summary(preview), against: comparedWith(base) },
  ...notes.map(note),
  ...effects(preview, folder),
];

/** The preview of each of several clusters. */
export const reportOfClusters = (
  all: readonly { readonly name: string; readonly folder: string; readonly preview: Preview }[],
  base: Base,
  notes: readonly string[],
): Block[] => [
  TITLE,
  { kind: "text", text: comparedWith(base) },
  ...notes.map(note),
  ...all.flatMap(({ name, folder, preview }): Block[] => [
    { kind: "cluster", text: `Cluster ${code(name)}` },
    { kind: "summary", text: summary(preview) },
    ...effects(preview, folder),
  ]),
];

const comparedWith = ({ ref, commit }: Base): string =>
  `Compared with ${code(ref)} at ${code(commit.slice(0, 12))}.`;

const note = (text: string): Block => ({ kind: "note", text });

function effects(preview: Preview, folder: string): Block[] {
  if (isEmpty(preview)) return [];
  return [
    ...(preview.dangers.length > 0 ? [{ kind: "dangers", items: preview.dangers } as const] : []),
    ...nodes(preview, folder),
    ...[vms, firewall, hosts, settings, capacity, availability, rest].flatMap((section) => section(preview)),
  ];
}

/** The reason why there is no preview. */
export const failureReport = (what: string, complaints: string): Block[] => [
  TITLE,
  { kind: "failure", text: plain(what) },
  { kind: "output", text: complaints },
];

const heading = (text: string): Block => ({ kind: "heading", text });

/** No block for an empty text. */
const paragraph = (text: string): Block[] => (text === "" ? [] : [{ kind: "text", text }]);

/** No block without items. */
const list = (items: readonly Item[]): Block[] => (items.length === 0 ? [] : [{ kind: "list", items }]);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): Block[] =>
  rows.length === 0 ? [] : [{ kind: "table", head, rows }];

function summary(preview: Preview): string {
  if (isEmpty(preview)) return "Nothing changes.";
  const { nodes, hosts } = preview;
  const parts = [
    ...(preview.dangers.length > 0 ? [counted(preview.dangers.length, "danger")] : []),
    ...(nodes.added.length > 0 ? [`${counted(nodes.added.length, "node")} added`] : []),
    ...(nodes.removed.length > 0 ? [`${counted(nodes.removed.length, "node")} removed`] : []),
    `VMs ${vmCounts(preview.vms)}`,
    on(hosts.filter(reloads), "firewall reload"),
    ...(isKnownAfterBuild(preview)
      ? ["K3s restarts and reboots known after the build"]
      : [on(hosts.filter(restartsK3s), "K3s restart"), on(rebootingHosts(preview), "reboot")]),
    ...(waitingVms(preview).length > 0
      ? [`${counted(waitingVms(preview).length, "VM")} to power-cycle later`]
      : []),
  ];
  return `${parts.join(" · ")}.`;
}

/** A change of nixpkgs, whose content no preview knows. */
const isKnownAfterBuild = ({ cluster }: Preview): boolean =>
  cluster.some(({ effect }) => effect.afterBuild === true);

const on = (hosts: readonly unknown[], what: string): string =>
  hosts.length === 0 ? `no ${what}` : `${what} on ${counted(hosts.length, "host")}`;

function nodes({ nodes: { added, removed, changed } }: Preview, folder: string): Block[] {
  if (added.length + removed.length + changed.length === 0) return [];
  const row =
    (sign: Sign) =>
    ({ hostname, role, vmId, ipv4Address, directory }: NodeSummary): string[] => [
      sign,
      code(hostname),
      role,
      `${vmId}`,
      ipv4Address,
      code(`${folder}/${directory}`),
    ];
  return [
    heading("Nodes"),
    ...table(
      ["", "node", "role", "VM ID", "address", "files"],
      [...added.map(row("+")), ...removed.map(row("-"))],
    ),
    ...table(
      ["", "node", "setting", "change", "impact"],
      changed.map(({ hostnames, setting, effect, ...change }) => [
        "~",
        namesOf(hostnames.map((hostname) => ({ hostname }))),
        code(setting),
        cell(formatChange(change)),
        effect.words,
      ]),
    ),
  ];
}

const capacity = ({ capacity }: Preview): Block[] => worse("Capacity", capacity);

const availability = ({ availability }: Preview): Block[] => worse("Availability", availability);

const worse = (title: string, sentences: readonly string[]): Block[] =>
  sentences.length === 0 ? [] : [heading(title), ...list(sentences.map((text): Item => ({ text })))];

const of = (all: readonly VmChange[], action: VmChange["action"]): VmChange[] =>
  all.filter((vm) => vm.action === action);

const vmCounts = (all: readonly VmChange[]): string =>
  `+${of(all, "made").length} ~${of(all, "changed").length} -${of(all, "destroyed").length}`;

function vms({ vms, nodes }: Preview): Block[] {
  if (vms.length === 0) return [];
  const made = of(vms, "made").map(({ hostname, vmId }): Item => {
    const node = nodes.added.find((each) => each.vmId === vmId);
    return { sign: "+", text: `${code(hostname)}, VM ${vmId}${node ? `: ${sizeOf(node)}` : ""}` };
  });
  const destroyed = of(vms, "destroyed").map(({ hostname, vmId, address }): Item => ({
    sign: "-",
    text: `${code(hostname)}, VM ${vmId}, with its disks: ${code(address)}`,
  }));
  const moved = vms
    .filter(({ formerAddress }) => formerAddress !== undefined)
    .map(({ hostname, vmId, address, formerAddress }): Item => ({
      text: `${code(hostname)}, VM ${vmId}, stays and moves in the state from ${code(formerAddress ?? "")} to ${code(address)}`,
    }));
  return [heading(`VMs: ${vmCounts(vms)}`), ...list([...made, ...destroyed, ...moved]), ...changedVms(vms)];
}

function sizeOf({ size: { cores, sockets, memoryMib, disks, pveNode, templateVmId } }: NodeSummary): string {
  const all = disks.map((disk) => `${disk.interface} of ${disk.sizeGib} GiB on ${code(disk.datastore)}`);
  const parts = [counted(cores * sockets, "core"), `${memoryMib} MiB memory`, ...all];
  return `${parts.join(", ")}, cloned from VM ${templateVmId} on ${code(pveNode)}`;
}

/** A table of changes. VMs with the same change share a row. */
function changedVms(all: readonly VmChange[]): Block[] {
  const changes = all.flatMap((vm) => vm.changes.map((change) => ({ vm, change })));
  const alike = groupBy(changes, ({ change }) => JSON.stringify(change));
  return table(
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

/** Inline Markdown in a cell, which a bar would end. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

function firewall({ flows, hosts, nodes }: Preview): Block[] {
  const reloading = hosts.filter(reloads);
  if (flows !== undefined && flows.length + reloading.length === 0) return [];
  return [heading("Firewall"), firewallBlock(flows, nodes), ...paragraph(reloadText(reloading))];
}

function firewallBlock(flows: Preview["flows"], { changed }: Preview["nodes"]): Block {
  if (flows !== undefined && flows.length > 0) return { kind: "flows", flows: flows.map(flowItem) };
  const addresses = changed.some(({ setting }) => /Address$/.test(setting));
  const further = changed.some(({ setting }) => setting === "interfaces" || setting === "networks");
  const text =
    flows === undefined
      ? "It is unknown which flows open or close, since the base does not list its flows."
      : further
        ? "No flow of a node's own interface opens or closes; a further interface takes only the flows over it."
        : addresses
          ? "No flow opens or closes; the addresses of nodes change."
          : "No flow opens or closes; only the text of the rulesets changes.";
  return { kind: "text", text };
}

const flowItem = ({ sign, who, arrow, whom, what }: FlowChange): Required<Item> => ({
  sign,
  text: `${who} ${arrow} ${whom}: ${what.join(", ")}`,
});

const reloadText = (hosts: readonly HostChange[]): string =>
  hosts.length === 0
    ? ""
    : `Reloads atomically on ${enumerated([namesOf(hosts)])}; established connections stay.`;

function hosts(preview: Preview): Block[] {
  const { hosts } = preview;
  const waiting = waitingVms(preview);
  if (hosts.length + waiting.length === 0) return [];
  const alike = groupBy(hosts, ({ files }) => files.join(", "));
  const items = [...alike.values()].map((some): Item => ({
    text: `${namesOf(some)}: ${some[0].files.map(code).join(", ")}: ${outcome(some[0])}`,
  }));
  return [
    heading("Hosts"),
    ...list(items),
    ...paragraph(rebootText(preview)),
    ...paragraph(
      waiting.length === 0
        ? ""
        : `Changes of ${namesOf(waiting)} wait until you power-cycle the VM: neither an apply nor a rollout does.`,
    ),
  ];
}

function rebootText(preview: Preview): string {
  const rebooting = rebootingHosts(preview);
  if (rebooting.length > 0) return `A rollout drains and reboots ${namesOf(rebooting)}, one at a time.`;
  if (isKnownAfterBuild(preview))
    return "A rollout knows after the build where K3s restarts, and which hosts it drains and reboots, one at a time, for another kernel.";
  return preview.hosts.length === 0
    ? ""
    : "No change needs a reboot; a rollout decides this finally after it has built the system.";
}

function outcome(host: HostChange): string {
  const parts = [
    ...(reloads(host) ? ["the firewall reloads"] : []),
    ...(restartsK3s(host) ? ["K3s restarts"] : []),
    ...(changesSystem(host) ? ["the system is rebuilt"] : []),
  ];
  return enumerated(parts);
}

const rebootingHosts = ({ nodes }: Preview): { hostname: string }[] => {
  const names = nodes.changed.filter(({ effect }) => effect.reboot).flatMap(({ hostnames }) => hostnames);
  return [...new Set(names)].map((hostname) => ({ hostname }));
};

const waitingVms = ({ vms }: Preview): VmChange[] =>
  vms.filter(({ changes }) => changes.some(({ impact }) => impact === "power-off later"));

function settings({ cluster }: Preview): Block[] {
  if (cluster.length === 0) return [];
  const rows = cluster.map(({ setting, effect, ...change }) => [
    code(setting),
    cell(formatChange(change)),
    effect.words,
  ]);
  return [heading("Settings of the cluster"), ...table(["setting", "change", "impact"], rows)];
}

function rest({ others, documents }: Preview): Block[] {
  const items = (all: readonly string[]): Block[] => list(all.map((each) => ({ text: code(each) })));
  return [
    ...(others.length > 0
      ? [heading("OpenTofu"), ...paragraph("Changes other than VMs:"), ...items(others)]
      : []),
    ...(documents.length > 0 ? [heading("Documents"), ...items(documents)] : []),
  ];
}
