/** Outcomes in sentences, as inline Markdown: names are bold. */
import { counted, enumerated, plain } from "../base/markdown";
import { UNITS, type Shortage } from "../config/capacity";
import type { Node } from "../config/model";
import type { Subject } from "./failure";
import type { Cost, Outcome } from "./outcome";

/** Of more names a sentence says the number. */
const MOST_NAMES = 6;

/** `**hamal** and **mizar**` */
const named = (nodes: readonly Node[]): string =>
  nodes.length > MOST_NAMES
    ? counted(nodes.length, "node")
    : enumerated(nodes.map(({ hostname }) => bold(hostname)));

/** A name of a PVE node may be a reference to a variable. */
const bold = (name: string): string => `**${plain(name)}**`;

const verb = (nodes: readonly unknown[], one: string, many: string): string =>
  nodes.length === 1 ? one : many;

/** What fails, in bold. */
export const failuresInWords = ({ failures }: Outcome): string =>
  enumerated(failures.map(({ name }) => bold(name)));

/** What happens when it fails, in full. */
export function sentencesOf(outcome: Outcome): string[] {
  return [
    ...stops(outcome),
    ...etcd(outcome),
    ...api(outcome),
    ...services(outcome),
    ...ha(outcome),
    ...capacity(outcome),
  ];
}

function stops({ stopped, cutOff, partlyCutOff }: Outcome): string[] {
  if (stopped.length + cutOff.length + partlyCutOff.length === 0) return ["No VM stops."];
  return [
    ...(stopped.length === 0 ? [] : [`${named(stopped)} ${verb(stopped, "stops", "stop")}.`]),
    ...(cutOff.length === 0 ? [] : [`${named(cutOff)} ${verb(cutOff, "is", "are")} cut off.`]),
    ...(partlyCutOff.length === 0 ? [] : [`A further interface of ${named(partlyCutOff)} has no network.`]),
  ];
}

function etcd({ etcd: { members, left, needed, majority }, ha }: Outcome): string[] {
  const count = `${left} of ${counted(members, "member")} ${left === 1 ? "is" : "are"} left, of ${needed} that it needs`;
  switch (majority) {
    case "kept":
      return left === members ? [] : [`etcd keeps its majority: ${count}.`];
    case "returns":
      return [
        `etcd has no majority until ${named([...ha.moves.keys()].filter(isServer))} started elsewhere: ${count}.`,
      ];
    case "lost":
      return [
        left === 0
          ? "No member of etcd is left: the API neither reads nor writes, and pods that run go on unattended."
          : `etcd loses its majority: ${count}. The API neither reads nor writes, and pods that run go on unattended.`,
      ];
  }
}

const isServer = ({ role }: Node): boolean => role === "server";

function api({ api, etcd: { majority } }: Outcome): string[] {
  if (api === undefined || majority !== "kept") return [];
  if (api.state === "moves") return [`${bold(api.holder ?? "")} takes ${api.address}.`];
  return api.state === "lost" ? [`Nobody answers at ${api.address}, the address of the API.`] : [];
}

function services({ services }: Outcome): string[] {
  if (services.length === 0) return [];
  const what =
    services.length > 2 ? counted(services.length, "published service") : enumerated(services.map(plain));
  return [`No node is left for ${what}.`];
}

function ha({ ha: { fenced, moves, waiting, shortages } }: Outcome): string[] {
  const targets = [...moves].map(([node, target]) => `${bold(node.hostname)} on ${bold(target)}`);
  const fits = shortages.length === 0 ? "where they fit" : `where these then lack ${lacking(shortages)}`;
  return [
    ...(fenced.size === 0
      ? []
      : [
          `${enumerated([...fenced].map(bold))} ${verb([...fenced], "is", "are")} reset by the watchdog of Proxmox VE's HA manager, without the majority of the PVE nodes.`,
        ]),
    ...(targets.length === 0
      ? []
      : [
          `The HA manager starts ${targets.length > MOST_NAMES ? counted(targets.length, "VM") : enumerated(targets)}, ${fits}.`,
        ]),
    ...(waiting.length === 0 ? [] : [`It finds no other PVE node for ${named(waiting)}.`]),
  ];
}

function capacity({ capacity }: Outcome): string[] {
  if (capacity === undefined || capacity.lost.length === 0) return [];
  const { nowhere, shortages } = capacity;
  if (nowhere.length + shortages.length === 0) return ["The other PVE nodes have room for their VMs."];
  return [
    ...(shortages.length === 0 ? [] : [`The other PVE nodes lack ${lacking(shortages)} for these VMs.`]),
    ...(nowhere.length === 0 ? [] : [`No other PVE node can run ${named(nowhere)}.`]),
  ];
}

/** `4096 MiB of memory and 32 GiB on ceph` */
function lacking(shortages: readonly Shortage[]): string {
  const sums = new Map<string, number>();
  for (const { of, datastore, wanted, room } of shortages) {
    const what = datastore === undefined ? UNITS[of] : `${UNITS[of]} on ${plain(datastore)}`;
    sums.set(what, (sums.get(what) ?? 0) + wanted - room);
  }
  return enumerated([...sums].map(([what, missing]) => `${missing} ${what}`));
}

const COSTS_IN_WORDS: Readonly<Record<Cost, string>> = {
  quorum: "the quorum",
  api: "the API's address",
  services: "the last node of a published service",
  fencing: "PVE nodes that are reset",
  capacity: "more room than there is",
};

/** Completes a sentence such as "its loss costs". @param majority - of etcd. @default - not told */
export const costsInWords = (costs: readonly Cost[], majority?: Outcome["etcd"]["majority"]): string =>
  costs.length === 0
    ? "nothing"
    : enumerated(
        costs.map((cost) =>
          cost === "quorum" && majority === "returns"
            ? "the quorum (until servers have started elsewhere)"
            : COSTS_IN_WORDS[cost],
        ),
      );

/** What the answers rest on, as far as the model does not say it. */
export function assumptionsOf({ pve, apiVip, nodes }: Subject, holder: string | undefined): string[] {
  const places = new Set(nodes.map(({ vm }) => vm.pveNode));
  return [
    ...(pve === undefined
      ? [
          "'pve' is not stated: each datastore is taken to be of one PVE node, and nothing is known of room for VMs.",
        ]
      : []),
    ...(pve?.ha === undefined
      ? []
      : [
          "'pve.nodes' is taken to name every PVE node of the Proxmox VE cluster, and no QDevice to vote beside them.",
          "PVE nodes are taken to reach each other (corosync) without the bridges of VMs.",
        ]),
    ...(apiVip === undefined || holder === undefined
      ? []
      : [`${holder} is taken to hold ${apiVip.address} before.`]),
    ...(places.size > 1 ? ["A switch that fails parts PVE nodes and VMs alike."] : []),
  ];
}
