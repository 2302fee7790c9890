import { isIP } from "node:net";
import { diffLines } from "diff";
import { npmRun } from "../base/command-line";
import { documentOn } from "../base/documents";
import { messageAtHost } from "../base/user-error";
import { k3sDataDisks } from "../config/data-disks";
import { contains, parseAnyNetwork } from "../config/address";
import { networksOf } from "../firewall/flow-sources";
import { flowsOf, flows } from "../firewall/flows";
import { sshFlows } from "../firewall/ssh-access";
import { LOCAL } from "./description";
import type { Facts } from "./facts";
import type { Host } from "./host";
import { fingerprint } from "./host-keys";
import { keyNotes } from "./first-contact";
import {
  HOW_TO_EMPTY_THE_TEMPLATE,
  identityFaults,
  missingInterfaces,
  sharedIdentity,
  type HostState,
} from "./identity";
import type { KubeNode } from "./kubernetes";
import { revisionDue } from "./nixpkgs";
import { barePods, type Pod } from "./pods";
import { barePodsInWords } from "./reboot";
import { notOnceInWords } from "./trial";
import {
  deliveryNotes,
  formerTokens,
  tokenFaults,
  tokenFiles,
  tokenNotes,
  type JoinTokens,
  type TokenFile,
} from "./token";

/**
 * - `new`: not a node of the cluster yet.
 * - `changed`: its files differ from the emitted ones.
 * - `unfinished`: its files match, but an earlier rollout did not finish.
 */
export type Verdict = "unreachable" | "refused" | "new" | "changed" | "unfinished" | "unchanged";

/** What an apply would do to a host, and why. */
export interface HostPlan {
  readonly host: Host;
  readonly verdict: Verdict;
  /** Why the host cannot be changed. */
  readonly faults: readonly string[];
  /** Other information for the operator. */
  readonly notes: readonly string[];
  readonly changes: readonly Change[];
  /** `undefined` for an unreachable host. */
  readonly facts?: Facts;
  /** Part of the cluster already. */
  readonly member: boolean;
}

/** A file of /etc/nixos that would change, with the changed lines. */
export interface Change {
  readonly file: string;
  readonly kind: "added" | "changed" | "removed";
  readonly lines: readonly string[];
}

/** The input of a plan besides the host itself. */
export interface PlanContext {
  readonly hosts: readonly HostState[];
  /** `undefined` when no server answers. */
  readonly nodes: readonly KubeNode[] | undefined;
  readonly tokens: JoinTokens;
  /** Whether that rollout is known to have ended. */
  readonly hasEnded: (rollout: string) => boolean;
  /** Accept shared identities, since they will be replaced. */
  readonly regenerateIdentity: boolean;
  /** Build even if no file has changed, for example for a newer nixpkgs. */
  readonly rebuild: boolean;
}

export const unreachablePlan = (host: Host, error: unknown): HostPlan => ({
  host,
  verdict: "unreachable",
  faults: [messageAtHost(error)],
  notes: [],
  changes: [],
  member: true,
});

export function planHost(state: HostState, context: PlanContext): HostPlan {
  const { host, facts } = state;
  const node = context.nodes?.find(({ name }) => name === host.name);
  const member = isMember(state, context);
  const former = formerTokens(context.hosts, context.tokens);
  const tokens = tokenFiles(host, context.tokens, facts, former);
  const faults = [
    ...identityFaults(state),
    ...missingInterfaces(state),
    ...cloneFaults(state, context),
    ...clusterInitFaults(state, context),
    ...renamingFaults(state, context),
    ...lockOutFaults(host, facts),
    ...tokenFaults(host, tokens),
    ...localFaults(host, facts),
    ...k3sDataFaults(host, facts),
    ...unconfirmedFaults(facts, context),
  ];
  const changes = changesOf(host.files, facts.files);
  const unfinished = [...unfinishedWork(facts, node, tokens, context), ...revisionDue(state)];
  const verdict = verdictOf(faults, member, changes, context.rebuild || unfinished.length > 0);
  return {
    host,
    verdict,
    faults,
    notes: [
      ...unfinished,
      ...sharedNotes(state, context),
      ...keyNotes(host),
      ...tokenNotes(host, facts),
      ...manifestNotes(host),
      ...(changes.length > 0 && facts.refusal !== "" ? [refusalInWords(facts.refusal)] : []),
      ...(mayBoot(verdict) ? bootLoaderNotes(facts) : []),
      ...notes(facts),
    ],
    changes,
    facts,
    member,
  };
}

/** Whether an apply may have to reboot the host, and so to drain it. */
export const mayBeDrained = ({ verdict, member }: HostPlan): boolean =>
  member && (verdict === "changed" || verdict === "unfinished");

/** Adds a note on pods that a drain would delete for good. Only the build shows whether a reboot is needed. */
export function withPods(plan: HostPlan, pods: readonly Pod[]): HostPlan {
  const bare = barePods(pods, plan.host.name);
  if (bare.length === 0) return plan;
  const note = `${barePodsInWords(bare)}: if a reboot is needed, apply needs --force-bare-pods, which deletes such pods for good`;
  return { ...plan, notes: [...plan.notes, note] };
}

function verdictOf(
  faults: readonly string[],
  member: boolean,
  changes: readonly Change[],
  unfinished: boolean,
): Verdict {
  if (faults.length > 0) return "refused";
  if (!member) return "new";
  if (changes.length > 0) return "changed";
  return unfinished ? "unfinished" : "unchanged";
}

/**
 * Of two hosts that share an identity, the one that has not joined yet is refused. A claim of another host must not block a
 * member.
 */
function cloneFaults(state: HostState, context: PlanContext): string[] {
  if (context.regenerateIdentity || isMember(state, context)) return [];
  const shared = sharedIdentity(state, context.hosts);
  return shared.length === 0 ? [] : [`${shared.join(", and ")}. ${HOW_TO_EMPTY_THE_TEMPLATE}`];
}

/** For members a shared identity is only a note. */
function sharedNotes(state: HostState, context: PlanContext): string[] {
  if (!isMember(state, context)) return [];
  const members = context.hosts.filter((other) => isMember(other, context));
  return sharedIdentity(state, members).map((words) => `${words}: each should have its own`);
}

/** Without an API, K3s data on the host's disk shows that it has joined. */
const isMember = ({ host, facts }: HostState, { nodes }: PlanContext): boolean =>
  nodes === undefined
    ? facts.joined && facts.hostname === host.name
    : nodes.some(({ name }) => name === host.name);

function clusterInitFaults({ host, facts }: HostState, { hosts }: PlanContext): string[] {
  if (host.node.clusterInit !== true || facts.serverData) return [];
  const running = hosts.filter(
    // A server without a quorum does not finish starting, but has the cluster's data.
    ({ host: other, facts: its }) =>
      other !== host && other.node.role === "server" && (its.k3s === "active" || its.serverData),
  );
  if (running.length === 0) return [];
  const names = running.map((other) => other.host.name).join(", ");
  return [
    `it would found a second cluster: it has clusterInit and no data, and ${names} has the cluster's data. ` +
      "Set clusterInit on the running server, or restore this server's data",
  ];
}

function renamingFaults({ host, facts }: HostState, { nodes }: PlanContext): string[] {
  const before = facts.hostname;
  if (before === host.name || !facts.joined || !nodes?.some(({ name }) => name === before)) return [];
  return [
    `it is the Kubernetes node ${before}. Another hostname is another node: run ${npmRun(`rollout -- remove ${before}`)} first, then add ${host.name}`,
  ];
}

/** Faults that would lock the operator out. */
function lockOutFaults(host: Host, facts: Facts): string[] {
  const { description, node } = host;
  const keys = description.authorizedKeys.map(fingerprint);
  const keyMissing = facts.operatorKey !== "" && !keys.includes(facts.operatorKey) && !host.files.has(LOCAL);
  return [
    ...(keyMissing
      ? [
          `your SSH key ${facts.operatorKey} is not among the keys to be installed: add it to the authorized keys`,
        ]
      : []),
    ...(admitsSsh(host, facts.operatorAddress)
      ? []
      : [
          `you connect from ${facts.operatorAddress}, and ${node.hostname}'s new firewall would not admit SSH from there: ` +
            "see network.lanCidrs, managementCidrs and operatorCidrs",
        ]),
  ];
}

function admitsSsh({ description, node }: Host, address: string): boolean {
  if (isIP(address) === 0) return true; // unknown; the confirmation over a new connection will show it
  const { network, nodes } = description;
  const cidrs = sshFlows(flowsOf(flows(description), node)).flatMap(({ from }) => {
    if (from === "everyone") return ["0.0.0.0/0", "::/0"];
    if (from === "nodes") return nodes.map(({ ipv4Address }) => `${ipv4Address}/32`);
    return networksOf(from, network);
  });
  const one = parseAnyNetwork(`${address}/${isIP(address) === 4 ? 32 : 128}`);
  return cidrs.some((cidr) => {
    const network = parseAnyNetwork(cidr);
    return network !== undefined && one?.family === network.family && contains(network, one.first);
  });
}

/**
 * NixOS links such manifests from its store, where every file is of 1970, and K3s up to 1.36.4 looks only at a file's time: an object
 * is made once, and never updated (k3s#14556).
 */
function manifestNotes({ files, node }: Host): string[] {
  if (node.role !== "server") return [];
  const own = [...files].filter(([path, text]) => path.endsWith(".nix") && !isEmitted(text));
  const using = own.filter(([, text]) =>
    /\bk3s\b[^]*\b(manifests|autoDeployCharts)\b/.test(withoutComments(text)),
  );
  return using.map(
    ([path]) =>
      `${path} has manifests in services.k3s: K3s up to 1.36.4 does not notice their updates there; state them as 'k3s.manifests' in main.ts`,
  );
}

const isEmitted = (text: string): boolean => text.split("\n", 3).some((line) => line.startsWith(GENERATED));
const GENERATED = "# Generated by HostFiles";

const withoutComments = (text: string): string => text.replace(/^\s*#.*$/gm, "");

/** Faults for a local.nix that exists only on the host, and would be lost. */
function localFaults(host: Host, facts: Facts): string[] {
  if (!facts.files.has(LOCAL) || host.files.has(LOCAL)) return [];
  const here = `${host.description.folder}/${host.node.directory}/${LOCAL}`;
  return [`it has an /etc/nixos/${LOCAL} that the project does not have: copy it to ${here}`];
}

/** Faults for a disk that would hide K3s' data, or take it away: K3s would start as a new node, and a server found a new cluster. */
function k3sDataFaults({ node }: Host, facts: Facts): string[] {
  const wanted = k3sDataDisks(node.vm);
  // Owners may also mount one by local.nix or a captured hardware configuration.
  const emitted = facts.files.get("data-disks.nix") ?? "";
  const left = facts.k3sMounted.filter(
    (path) => wanted.every((disk) => disk.path !== path) && emitted.includes(`fileSystems."${path}"`),
  );
  const hidden = facts.joined ? wanted.filter(({ path }) => !facts.k3sMounts.includes(path)) : [];
  return [
    ...hidden.map(
      ({ interface: name, path }) =>
        `the disk on ${name} would hide K3s' data in ${path}, and K3s would start as a new node: ` +
        `copy the data to the disk and mount it there first (see ${documentOn("k3sData")})`,
    ),
    ...left.map(
      (path) =>
        `K3s' data in ${path} is on a disk that main.ts no longer mounts there, and K3s would start as a new node: ` +
        `set its 'mount' again, or copy the data to the root disk and unmount it first (see ${documentOn("k3sData")})`,
    ),
  ];
}

function unfinishedWork(
  facts: Facts,
  node: KubeNode | undefined,
  tokens: readonly TokenFile[],
  { hasEnded: isOver }: PlanContext,
): string[] {
  return [
    ...(facts.unconfirmed !== undefined && isOver(facts.unconfirmed.rollout)
      ? [
          `a rollout that has ended (${facts.unconfirmed.operator}) left it unconfirmed: it reverts to its previous system first`,
        ]
      : []),
    ...(facts.current !== facts.profile ? ["the running system is not the boot default"] : []),
    ...(facts.rebootDue.length > 0 ? [`it needs a reboot, for its ${facts.rebootDue.join(", ")}`] : []),
    ...(node?.cordonedByUs === true ? ["an earlier rollout cordoned it"] : []),
    ...(node !== undefined && facts.k3s !== "active"
      ? [`K3s does not run (${facts.k3s || "no such unit"})`]
      : []),
    ...new Set(deliveryNotes(tokens)),
  ];
}

/** Faults for an activation that another rollout may still confirm. */
function unconfirmedFaults({ unconfirmed }: Facts, { hasEnded: isOver }: PlanContext): string[] {
  if (unconfirmed === undefined || isOver(unconfirmed.rollout)) return [];
  const { state, operator, secondsLeft } = unconfirmed;
  const whose = `another rollout (${operator || "of an earlier version"})`;
  const unless = `it reverts in ${secondsLeft} s unless that rollout confirms it`;
  if (state === "trial")
    return [
      `${whose} boots it on trial and has not confirmed the system yet; the host reverts by itself unless that rollout confirms it`,
    ];
  if (state === "activating") return [`an activation of ${whose} is running on it; ${unless}`];
  if (state === "armed") return [`${whose} has activated a system that it has not confirmed yet: ${unless}`];
  return ["it is reverting to its previous system: run the same command again in a minute"];
}

const notes = (facts: Facts): string[] => [
  ...(facts.failedUnits.length > 0
    ? [
        `units have already failed on it: ${facts.failedUnits.join(", ")}; see systemctl status there. ` +
          "A rollout does not revert it because of these",
      ]
    : []),
  ...savedFlush(facts),
];

/** Concerns the last build; only a new build shows whether it still applies. */
const refusalInWords = (refusal: string): string =>
  `its last build was not activated, since NixOS refuses that while the host runs; apply --boot boots it on trial:\n${refusal}`;

/** Only a build shows whether there is anything to boot. */
const mayBoot = (verdict: Verdict): boolean => ["new", "changed", "unfinished"].includes(verdict);

const bootLoaderNotes = ({ onceFault }: Facts): string[] =>
  onceFault === undefined ? [] : [`it cannot boot a new kernel on trial: ${notOnceInWords(onceFault)}`];

const savedFlush = (facts: Facts): string[] =>
  /^\s*flush\s+ruleset/m.test(facts.deletions)
    ? [
        "its running system has saved a flush of the whole ruleset, including kube-proxy's and flannel's rules " +
          "(/var/lib/nftables/deletions.nft); the rollout removes that flush first",
      ]
    : [];

/** Lines of the generated header, which do not affect the host. */
const isHeader = (line: string): boolean =>
  /^# (sha256 of the lines below|Generated by HostFiles)/.test(line);

function changesOf(wanted: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>): Change[] {
  const changed = [...wanted].flatMap(([file, text]): Change[] => {
    const old = there.get(file);
    if (old === text) return [];
    return [
      {
        file,
        kind: old === undefined ? "added" : "changed",
        // Files of other kinds may contain secrets.
        lines: old !== undefined && /\.(nix|nft)$/.test(file) ? lines(old, text) : [],
      },
    ];
  });
  const gone = [...there.keys()].filter((file) => !wanted.has(file));
  return [...changed, ...gone.map((file): Change => ({ file, kind: "removed", lines: [] }))];
}

/** Limits the effort: a malicious host may have files that take very long to compare. */
const MAX_EDITS = 2000;
const TOO_FAR = [{ added: true, removed: false, value: "too many differences to show" }];

const lines = (old: string, text: string): string[] =>
  (diffLines(old, text, { maxEditLength: MAX_EDITS }) ?? TOO_FAR).flatMap(({ added, removed, value }) =>
    added || removed
      ? value
          .split("\n")
          .filter((line) => line.trim() !== "" && !isHeader(line))
          .map((line) => `${added ? "+" : "-"} ${line.trim()}`)
      : [],
  );
