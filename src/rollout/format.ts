import { groupBy } from "../base/group-by";
import { inWords, stopwatch, type StatusLine } from "../base/status-line";
import { fittedTable } from "../base/table";
import { shortRevision } from "../config/nixos";
import type { Event, Listener } from "./log";
import { indented, oneLine } from "../base/printable";
import { objectName } from "../emit/kubernetes-manifests";
import type { ManifestOutlook, ManifestPlan } from "./manifests";
import { runningRevision } from "./nixpkgs";
import type { Change, HostPlan } from "./plan";
import type { Turn } from "./rotation";
import { isHealthy, type Verification } from "./verify";

/** Maximum number of changed lines shown per file; the rest is counted. */
const SHOWN_LINES = 12;

const VERDICTS: Readonly<Record<HostPlan["verdict"], string>> = {
  unreachable: "unreachable",
  refused: "refused",
  new: "new: will be installed and join the cluster",
  changed: "changed",
  unfinished: "unfinished",
  unchanged: "unchanged",
};

/**
 * A plan for a person.
 *
 * @param notes - on hosts that are not part of it
 */
export function formatPlan(plans: readonly HostPlan[], notes: readonly string[] = []): string {
  return [...plans.map(formatHost), ...notes.map(indented)].join("\n");
}

function formatHost({ host, verdict, faults, notes, changes, facts }: HostPlan): string {
  const runs =
    facts === undefined
      ? ""
      : `  NixOS ${facts.release || "?"}${runningRevision(host, facts.nixpkgs)}, K3s ${facts.k3sVersion || "none"}`;
  const lines = [
    ...faults.map((fault) => `  ! ${indented(fault)}`),
    ...notes.map((note) => `  - ${indented(note)}`),
    ...(verdict === "new" ? formatReplaced(changes) : changes.flatMap(formatChange)),
  ];
  return [`${host.name}: ${VERDICTS[verdict]}${runs}`, ...lines].join("\n");
}

/** For a clone's own files it is enough to know that they are kept. */
function formatReplaced(changes: readonly Change[]): string[] {
  const files = changes.filter(({ kind }) => kind !== "added").map(({ file }) => oneLine(file));
  return files.length === 0 ? [] : [`  - its own ${files.join(", ")} will be in a dated copy of /etc/nixos`];
}

function formatChange({ file: name, kind, lines }: Change): string[] {
  const file = oneLine(name);
  if (kind === "added") return [`  ${file}: new`];
  if (kind === "removed") return [`  ${file}: removed; the dated copy of /etc/nixos keeps it`];
  if (lines.length === 0) return [`  ${file}: changes`];
  const more = lines.length - SHOWN_LINES;
  return [
    `  ${file}:`,
    ...lines.slice(0, SHOWN_LINES).map((line) => `      ${line}`),
    ...(more > 0 ? [`      and ${more} more lines`] : []),
  ];
}

/** A plan for a program. */
export const planAsJson = (plans: readonly HostPlan[], notes: readonly string[]): object => ({
  notes,
  hosts: plans.map(({ host, verdict, faults, notes, changes, facts, member }) => ({
    host: host.name,
    verdict,
    member,
    faults,
    notes,
    changes,
    release: facts?.release,
    nixpkgs: facts?.nixpkgs === "" ? undefined : facts?.nixpkgs,
    k3sVersion: facts?.k3sVersion,
  })),
});

/** What an apply would do to the cluster's manifests, for a person. */
export function formatManifests(outlook: ManifestOutlook): string[] {
  if (outlook === undefined) return [];
  if (outlook === "unknown") return ["manifests: the API does not say now which objects change"];
  const { objects, left } = outlook;
  const due = objects.filter(({ verdict }) => verdict !== "unchanged");
  const head = `manifests: ${due.length === 0 ? "unchanged" : `${due.length} of ${objects.length} objects`}`;
  return [
    head,
    ...due.map(({ object, verdict }) => `  ${oneLine(objectName(object))}: ${verdict}`),
    ...left.map(
      (object) =>
        `  - ${oneLine(objectName(object))} is in no manifest any more, and stays: delete it with kubectl`,
    ),
  ];
}

/** What an apply did to them. */
export function formatApplied({ objects }: ManifestPlan): string {
  const done = objects.filter(({ verdict }) => verdict !== "unchanged");
  const lines = done.map(({ object, verdict }) => `  ${oneLine(objectName(object))}: ${verdict}`);
  return ["Applied the manifests:", ...lines].join("\n");
}

/** What a command leaves to an apply. @param words - what would change, or why that is not known. @param next - the apply's command line */
export const formatNotApplied = (words: readonly string[], next: string): string =>
  ["", ...words, `Nothing of this is applied here. To apply it: ${next}`].join("\n");

/** What an apply would do, or has done, for a program. */
export const manifestsAsJson = (outlook: ManifestOutlook): object =>
  typeof outlook !== "object"
    ? {}
    : {
        manifests: {
          objects: outlook.objects.map(({ object, verdict }) => ({ object: objectName(object), verdict })),
          left: outlook.left.map(objectName),
        },
      };

/**
 * A verification for a person: a table, then what is wrong.
 *
 * @param columns - width of the terminal. @default - the table is as wide as it is
 */
export function formatVerification(verification: Verification, columns = Infinity): string {
  const { nodes, faults } = verification;
  const isPinned = nodes.some(({ nixpkgs }) => nixpkgs !== undefined);
  const pinned = (cell: string): string[] => (isPinned ? [cell] : []);
  const head = [
    ...["node", "role", "address", "K3s"],
    ...pinned("nixpkgs"),
    ...["ready", "reaches", "certs", "firewall", "dropped"],
  ];
  const rows = nodes.map((node) =>
    [
      node.name,
      node.role,
      node.address,
      node.version || "-",
      ...pinned(shortRevision(node.nixpkgs ?? "") || "?"),
      node.ready ? "yes" : "NO",
      node.reaches,
      inDays(node.certificates?.issued),
      node.firewall,
      formatDropped(node.counters),
    ].map(oneLine),
  );
  const wrong = [
    ...nodes.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)),
    ...faults,
  ];
  const verdict = isHealthy(verification)
    ? "The cluster matches main.ts."
    : "The cluster does not match main.ts:";
  return [
    ...(rows.length > 0 ? fittedTable([head, ...rows], columns) : []),
    ...formatExpiries(verification),
    ...formatSnapshots(verification),
    ...formatDrills(verification),
    "",
    verdict,
    ...wrong.map((line) => `  ! ${indented(line)}`),
  ]
    .join("\n")
    .trimStart();
}

/** Until the certificates expire that no restart of K3s renews. */
function formatExpiries({ nodes, kubeconfig }: Verification): string[] {
  const authorities = nodes.flatMap(({ certificates }) => certificates?.authorities ?? []);
  const parts = [
    ...(authorities.length > 0 ? [`certificate authorities ${inDays(Math.min(...authorities))}`] : []),
    ...(kubeconfig === undefined ? [] : [`${oneLine(kubeconfig.path)} ${inDays(kubeconfig.days)}`]),
  ];
  return parts.length === 0 ? [] : ["", `Days left: ${parts.join(", ")}`];
}

/** How old the newest snapshot is in each place that has one, and in S3. */
function formatSnapshots({ snapshots }: Verification): string[] {
  const places = [
    ...Object.entries(snapshots?.servers ?? {}).map(([name, hours]) => `${oneLine(name)} ${hours} h`),
    ...(snapshots?.s3 === undefined ? [] : [snapshots.s3 === null ? "S3 none" : `S3 ${snapshots.s3} h`]),
  ];
  return places.length === 0 ? [] : ["", `Age of the newest snapshot of etcd: ${places.join(", ")}`];
}

/** How long ago each server that tries its own snapshots has seen one restore. */
function formatDrills({ nodes }: Verification): string[] {
  const servers = nodes.flatMap(({ name, drill }) => {
    if (drill === undefined) return [];
    const { success } = drill;
    const age = success === undefined ? "never" : `${success.days} d (it took ${success.rtoSeconds} s)`;
    return `${oneLine(name)} ${age}`;
  });
  return servers.length === 0 ? [] : ["", `Last snapshot seen to restore: ${servers.join(", ")}`];
}

const inDays = (days: number | undefined): string => (days === undefined ? "?" : `${days} d`);

/** What a rotation will do, host by host. */
export function formatTurns(what: string, turns: readonly Turn[]): string {
  const due = turns.some(({ verdict }) => verdict === "due");
  const intent = due
    ? `Rotate the ${what}: K3s restarts on one server after the other, then on the agents. Pods keep running.`
    : `Nothing to do for the ${what}.`;
  const rows = turns.map(
    ({ host, verdict, words }) => `  ${host.name}: ${TURNS[verdict]}: ${indented(words)}`,
  );
  return [intent, ...rows].join("\n");
}

const TURNS: Readonly<Record<Turn["verdict"], string>> = {
  due: "will be changed",
  left: "stays as it is",
  unreachable: "NOT REACHED",
};

/** Number of packets per counter. */
const formatDropped = (counters: Readonly<Record<string, number>>): string =>
  ["forged", "refused_input", "refused_forward"]
    .flatMap((name) =>
      counters[name] === undefined ? [] : [`${name.replace("refused_", "")} ${counters[name]}`],
    )
    .join(", ") || "-";

/** Below what a host does. */
const HANG = " ".repeat(11);

/** Prints events as lines; the status line shows the running steps. */
export function progressPrinter(status: StatusLine, isTerminal: boolean): Listener {
  const running = new Map<string, RunningStep>();
  return ({ host, step, outcome, words: said }: Event) => {
    const key = `${host} ${step}`;
    const begun = running.get(key);
    if (outcome === "running") {
      if (begun !== undefined) begun.words = oneLine(said);
      return;
    }
    if (outcome === "started") running.set(key, { host, step, elapsed: stopwatch(), words: "" });
    else running.delete(key);
    if (running.size === 0) status.hide();
    const name = host.padEnd(10);
    const words = indented(said);
    if (outcome === "started" && !isTerminal) status.print(`${name} ${step} ...`);
    if (outcome === "done") status.print(`${name} ${step}: ${words}`, HANG);
    if (outcome === "failed") status.print(`${name} ${step} FAILED`);
    if (outcome === "said") status.print(`${name} ${words}`, HANG);
    if (outcome === "started") status.show(() => formatRunning([...running.values()]));
  };
}

/** What makes every path of Nix long, and says nothing. */
const STORE = /\/nix\/store\/[a-z0-9]{32}-/g;

interface RunningStep {
  readonly host: string;
  readonly step: string;
  readonly elapsed: () => number;
  /** How far it is; empty until it says so. */
  words: string;
}

/** `build 1 min 5 s: hamal (copying 'k3s-1.34.2'), mizar; drain 3 s: alnair`, the oldest first. */
function formatRunning(running: readonly RunningStep[]): string {
  const alike = groupBy(running, ({ step }) => step);
  const parts = [...alike].map(([step, some]) => {
    const hosts = some
      .filter(({ host }) => host !== "cluster")
      .map(({ host, words }) => (words === "" ? host : `${host} (${words.replaceAll(STORE, "")})`));
    return `${step} ${inWords(some[0].elapsed())}${hosts.length > 0 ? `: ${hosts.join(", ")}` : ""}`;
  });
  return `... ${parts.join("; ")}`;
}
