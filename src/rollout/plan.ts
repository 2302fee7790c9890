import { isIP } from "node:net";
import { diffLines } from "diff";
import { messageAtHost } from "../base/user-error";
import { contains, parseAnyNetwork } from "../config/address";
import { networksOf } from "../firewall/flow-sources";
import { flowsOf, flows, isPortFlow, SSH_PORT } from "../firewall/flows";
import { LOCAL } from "./description";
import type { Facts } from "./facts";
import type { Host } from "./host";
import { fingerprint } from "./host-keys";
import { keyNotes } from "./first-contact";
import { HOW_TO_EMPTY_THE_TEMPLATE, identityFaults, sharedIdentity, type HostState } from "./identity";
import type { KubeNode } from "./kubernetes";
import { barePods, type Pod } from "./pods";
import { barePodsInWords } from "./reboot";
import { isMissing, tokenFaults, tokenFiles, tokenNotes, type JoinTokens, type TokenFile } from "./token";

/**
 * - `new`: not a node of the cluster yet.
 * - `changed`: its files are other ones than those that were emitted.
 * - `unfinished`: its files are those, and an earlier rollout did not get to its end.
 */
export type Verdict = "unreachable" | "refused" | "new" | "changed" | "unfinished" | "unchanged";

/** What an apply would do to a host, and why. */
export interface HostPlan {
  readonly host: Host;
  readonly verdict: Verdict;
  /** Why nothing can be done. */
  readonly faults: readonly string[];
  /** What else a person should know. */
  readonly notes: readonly string[];
  readonly changes: readonly Change[];
  /** Missing of an unreachable host. */
  readonly facts?: Facts;
  /** Part of the cluster already. */
  readonly member: boolean;
}

/** A file of /etc/nixos that would become another, with the lines that change. */
export interface Change {
  readonly file: string;
  readonly kind: "added" | "changed" | "removed";
  readonly lines: readonly string[];
}

/** What is known when a plan is made. */
export interface PlanContext {
  readonly hosts: readonly HostState[];
  /** None where no server answers. */
  readonly nodes: readonly KubeNode[] | undefined;
  readonly tokens: JoinTokens;
  /** Whether that rollout is known to have ended. */
  readonly hasEnded: (rollout: string) => boolean;
  /** Shared identities are not refused, since they will be replaced. */
  readonly regenerateIdentity: boolean;
  /** Build also where no file has changed, as for a newer nixpkgs. */
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
  const tokens = tokenFiles(host, context.tokens, facts);
  const faults = [
    ...identityFaults(state),
    ...cloneFaults(state, context),
    ...foundingFaults(state, context),
    ...renamingFaults(state, context),
    ...lockOutFaults(host, facts),
    ...tokenFaults(host, tokens),
    ...localFaults(host, facts),
    ...unconfirmedFaults(facts, context),
  ];
  const changes = changesOf(host.files, facts.files);
  const unfinished = unfinishedWork(facts, node, tokens, context);
  return {
    host,
    verdict: verdictOf(faults, member, changes, context.rebuild || unfinished.length > 0),
    faults,
    notes: [
      ...unfinished,
      ...sharedNotes(state, context),
      ...keyNotes(host),
      ...tokenNotes(host, facts),
      ...(changes.length > 0 && facts.refusal !== "" ? [refusalInWords(facts.refusal)] : []),
      ...notes(facts),
    ],
    changes,
    facts,
    member,
  };
}

/** Whether an apply may have to reboot it, and so to drain it. */
export const mayBeDrained = ({ verdict, member }: HostPlan): boolean =>
  member && (verdict === "changed" || verdict === "unfinished");

/** With what its drain would delete for good. Only the build shows whether it has to be rebooted. */
export function withPods(plan: HostPlan, pods: readonly Pod[]): HostPlan {
  const bare = barePods(pods, plan.host.name);
  if (bare.length === 0) return plan;
  const note = `${barePodsInWords(bare)}: should a reboot be due, apply needs --force-bare-pods, which deletes such pods for good`;
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
 * Of two that share an identity it is the one that has not joined yet which has to give way. A member is not held up by
 * what another host says of itself.
 */
function cloneFaults(state: HostState, context: PlanContext): string[] {
  if (context.regenerateIdentity || isMember(state, context)) return [];
  const shared = sharedIdentity(state, context.hosts);
  return shared.length === 0 ? [] : [`${shared.join(", and ")}. ${HOW_TO_EMPTY_THE_TEMPLATE}`];
}

/** Of members the same is only said. */
function sharedNotes(state: HostState, context: PlanContext): string[] {
  if (!isMember(state, context)) return [];
  const members = context.hosts.filter((other) => isMember(other, context));
  return sharedIdentity(state, members).map((words) => `${words}: each should have its own`);
}

/** Without an API to ask, data of K3s on its disk says that it has joined. */
const isMember = ({ host, facts }: HostState, { nodes }: PlanContext): boolean =>
  nodes === undefined
    ? facts.joined && facts.hostname === host.name
    : nodes.some(({ name }) => name === host.name);

function foundingFaults({ host, facts }: HostState, { hosts }: PlanContext): string[] {
  if (host.node.clusterInit !== true || facts.serverData) return [];
  const running = hosts.filter(
    // One that lost its quorum does not get beyond its start, and holds the cluster's data.
    ({ host: other, facts: its }) =>
      other !== host && other.node.role === "server" && (its.k3s === "active" || its.serverData),
  );
  if (running.length === 0) return [];
  const names = running.map((other) => other.host.name).join(", ");
  return [
    `it would found a second cluster: clusterInit is stated, it has no data, and ${names} has the cluster's. ` +
      "State clusterInit on the server that is running, or restore this one's data",
  ];
}

function renamingFaults({ host, facts }: HostState, { nodes }: PlanContext): string[] {
  const before = facts.hostname;
  if (before === host.name || !facts.joined || !nodes?.some(({ name }) => name === before)) return [];
  return [
    `it is the Kubernetes node ${before}. Another hostname is another node: run npm run rollout -- remove ${before} first, then add ${host.name}`,
  ];
}

/** Whether the operator could log in again. */
function lockOutFaults(host: Host, facts: Facts): string[] {
  const { description, node } = host;
  const keys = description.authorizedKeys.map(fingerprint);
  const keyMissing = facts.operatorKey !== "" && !keys.includes(facts.operatorKey) && !host.files.has(LOCAL);
  return [
    ...(keyMissing
      ? [
          `your SSH key ${facts.operatorKey} is not among those that would be installed: add it to the authorized keys`,
        ]
      : []),
    ...(admitsSsh(host, facts.operatorAddress)
      ? []
      : [
          `you come from ${facts.operatorAddress}, from where ${node.hostname}'s firewall would not admit SSH: ` +
            "see network.lanCidrs, managementCidrs and operatorCidrs",
        ]),
  ];
}

function admitsSsh({ description, node }: Host, address: string): boolean {
  if (isIP(address) === 0) return true; // the host did not say; the confirmation over a new connection will
  const { network, nodes } = description;
  const ssh = flowsOf(flows(description), node).filter(
    (flow) =>
      isPortFlow(flow) && flow.protocol === "tcp" && flow.ports.from <= SSH_PORT && flow.ports.to >= SSH_PORT,
  );
  const cidrs = ssh.flatMap(({ from }) => {
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

/** What is on the host alone would be lost. */
function localFaults(host: Host, facts: Facts): string[] {
  if (!facts.files.has(LOCAL) || host.files.has(LOCAL)) return [];
  const here = `${host.description.folder}/${host.node.directory}/${LOCAL}`;
  return [`it has an /etc/nixos/${LOCAL} that the project has not: copy it to ${here}`];
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
          `a rollout that has ended (${facts.unconfirmed.operator}) left it unconfirmed: it returns first to what it ran before`,
        ]
      : []),
    ...(facts.current !== facts.profile ? ["what runs is not what would boot"] : []),
    ...(facts.rebootDue.length > 0 ? [`it has to be rebooted, for its ${facts.rebootDue.join(", ")}`] : []),
    ...(node?.cordonedByUs === true ? ["an earlier rollout cordoned it"] : []),
    ...(node !== undefined && facts.k3s !== "active"
      ? [`K3s does not run (${facts.k3s || "no such unit"})`]
      : []),
    ...(tokens.some(isMissing) ? ["its join token is missing, and will be installed"] : []),
  ];
}

/** What another rollout has begun, and may still confirm. */
function unconfirmedFaults({ unconfirmed }: Facts, { hasEnded: isOver }: PlanContext): string[] {
  if (unconfirmed === undefined || isOver(unconfirmed.rollout)) return [];
  const { state, operator, secondsLeft } = unconfirmed;
  const whose = `another rollout (${operator || "of an earlier version"})`;
  const unless = `it reverts in ${secondsLeft} s unless that rollout confirms it`;
  if (state === "trial")
    return [
      `${whose} has it boot a system on trial that it has not confirmed yet: unless it does, the host reverts by itself`,
    ];
  if (state === "activating") return [`an activation of ${whose} runs on it; ${unless}`];
  if (state === "armed") return [`${whose} has activated a system that it has not confirmed yet: ${unless}`];
  return ["it returns at this moment to what it ran before: run the same command again in a minute"];
}

const notes = (facts: Facts): string[] => [
  ...(facts.failedUnits.length > 0
    ? [
        `units are failed on it already: ${facts.failedUnits.join(", ")}; see systemctl status there. ` +
          "For the sake of these a rollout does not revert it",
      ]
    : []),
  ...savedFlush(facts),
];

/** Of what an earlier rollout has built; without a build nobody knows. */
const refusalInWords = (refusal: string): string =>
  `what was last built for it cannot be activated while it runs, and was not; apply --boot lets it boot into it on trial:\n${refusal}`;

const savedFlush = (facts: Facts): string[] =>
  /^\s*flush\s+ruleset/m.test(facts.deletions)
    ? [
        "its running system would flush all rules of the firewall once more, kube-proxy's and flannel's too " +
          "(/var/lib/nftables/deletions.nft); they are spared",
      ]
    : [];

/** Lines about the file itself say nothing of the host. */
const isStamp = (line: string): boolean => /^# (sha256 of the lines below|Generated by HostFiles)/.test(line);

function changesOf(wanted: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>): Change[] {
  const changed = [...wanted].flatMap(([file, text]): Change[] => {
    const old = there.get(file);
    if (old === text) return [];
    return [
      {
        file,
        kind: old === undefined ? "added" : "changed",
        // Other files than these may hold what is for nobody's eyes.
        lines: old !== undefined && /\.(nix|nft)$/.test(file) ? lines(old, text) : [],
      },
    ];
  });
  const gone = [...there.keys()].filter((file) => !wanted.has(file));
  return [...changed, ...gone.map((file): Change => ({ file, kind: "removed", lines: [] }))];
}

/** A host may have files that are made to take a day to compare. */
const MOST_EDITS = 2000;
const TOO_FAR = [{ added: true, removed: false, value: "another text altogether" }];

const lines = (old: string, text: string): string[] =>
  (diffLines(old, text, { maxEditLength: MOST_EDITS }) ?? TOO_FAR).flatMap(({ added, removed, value }) =>
    added || removed
      ? value
          .split("\n")
          .filter((line) => line.trim() !== "" && !isStamp(line))
          .map((line) => `${added ? "+" : "-"} ${line.trim()}`)
      : [],
  );
