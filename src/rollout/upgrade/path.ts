/** The way from the versions that run to those of an upgrade, and why it is not safe. */
import { npmRun } from "../../base/command-line";
import { groupBy } from "../../base/group-by";
import {
  minorsAfter,
  minorSteps,
  packageOfMinor,
  releasesAfter,
  releaseSteps,
} from "../../config/version-steps";
import type { Role } from "../../config/settings";
import { compareVersions, minorOf } from "../version";
import { badRelease, ETCD_BEFORE } from "./bad-releases";
import { goneIn, type DeprecatedApi } from "./deprecated-apis";
import { removedBetween } from "./removed-options";

export interface Versions {
  /** Such as `25.11`. */
  readonly nixos: string;
  /** Such as `v1.34.2+k3s1`. */
  readonly k3s: string;
}

/** Where an upgrade leads, as a person asks for it: a minor of K3s, a release of NixOS, or both. */
export type Goal = Partial<Versions>;

/** A host as it is, and as its build would make it. */
export interface HostPath {
  readonly hostname: string;
  readonly role: Role;
  readonly runs: Versions;
  readonly builds: Versions;
  /** `nixos.release` of `main.ts`. */
  readonly release: string;
  /** `nixos.stateVersion` of `main.ts`, and of the host. */
  readonly stateVersion: string;
  readonly installedWith: string;
  /** The options that each of its files of the owner states, by the file's name. */
  readonly options: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of a server's etcd; empty if it could not be read. */
  readonly etcd: string;
  /** That clients of a server's API asked for. @default - they could not be read */
  readonly deprecated?: readonly DeprecatedApi[];
}

/** Whether the upgrade changes it. */
export const isDue = ({ runs, builds }: Pick<HostPath, "runs" | "builds">): boolean =>
  runs.k3s !== builds.k3s || runs.nixos !== builds.nixos;

/** Minors of K3s that an upgrade leads from and to. */
export interface Hop {
  /** The oldest of all nodes. */
  readonly oldest: string;
  /** The oldest of the servers. */
  readonly from: string;
  readonly to: string;
}

/** Oldest first. */
const minorsOf = (versions: readonly string[]): string[] =>
  [...new Set(versions.map(minorOf))].sort((a, b) => minorSteps(b, a));

const ofServers = (paths: readonly HostPath[]): HostPath[] => paths.filter(({ role }) => role === "server");

const runningMinors = (paths: readonly HostPath[]): string[] => minorsOf(paths.map(({ runs }) => runs.k3s));

export const hopOf = (paths: readonly HostPath[]): Hop => ({
  oldest: runningMinors(paths)[0] ?? "",
  from: runningMinors(ofServers(paths))[0] ?? "",
  to: minorsOf(paths.map(({ builds }) => builds.k3s)).at(-1) ?? "",
});

/** Whether servers get another minor of K3s. */
export const isMinorHop = ({ from, to }: Pick<Hop, "from" | "to">): boolean => minorSteps(from, to) > 0;

/** Whether no way leads back but a snapshot: also where an earlier run has left only agents behind. */
export const isOneWay = ({ oldest, to }: Pick<Hop, "oldest" | "to">): boolean => minorSteps(oldest, to) > 0;

/** Everything that makes the upgrade unsafe. */
export const pathFaults = (paths: readonly HostPath[], goal: Goal): string[] => [
  ...k3sFaults(paths, goal),
  ...nixosFaults(paths, goal),
  ...paths.flatMap(stateVersionFaults),
  ...paths.flatMap(optionFaults),
];

/** How `main.ts` states it. */
export const k3sInWords = (minor: string): string => `k3s: { package: "${packageOfMinor(minor)}" }`;
export const nixosInWords = (release: string): string => `nixos: { release: "${release}" }`;

/** With every step of a path between two versions. */
const way = (from: string, after: readonly string[]): string => [from, ...after].join(" → ");

const NO_WAY_BACK =
  "K3s has no way back to an older minor but a snapshot of it (https://docs.k3s.io/upgrades/roll-back)";

function k3sFaults(paths: readonly HostPath[], goal: Goal): string[] {
  const without = paths.filter(({ builds }) => builds.k3s === "");
  if (without.length > 0)
    return [`nixpkgs does not have the package of K3s that main.ts names, for ${namesOf(without)}`];
  const built = minorsOf(paths.map(({ builds }) => builds.k3s));
  if (built.length > 1) {
    const each = paths.map(({ hostname, builds }) => `${hostname} ${builds.k3s}`).join(", ");
    return [`hosts would get different minors of K3s: ${each}. Build them from one nixpkgs`];
  }
  const { from, to } = hopOf(paths);
  const newer = paths.filter(({ runs }) => minorSteps(minorOf(runs.k3s), to) < 0);
  if (newer.length > 0) return [`${namesOf(newer)} has a newer K3s than ${to}: ${NO_WAY_BACK}`];
  const asked = goal.k3s;
  if (asked !== undefined && minorSteps(asked, to) > 0)
    return [`main.ts leads to K3s ${to}, and you asked for ${asked}: state ${k3sInWords(asked)}`];
  const path = minorsAfter(from, to);
  const [next = to] = path;
  if (path.length > 1)
    return [
      `K3s goes one minor at a time, ${way(from, path)}, and main.ts leads to ${to}: state ${k3sInWords(next)} first`,
    ];
  return [
    ...agentFaults(paths, to),
    ...badReleaseFaults(paths),
    ...(isMinorHop({ from, to }) ? [...etcdFaults(paths, { from, to }), ...apiFaults(paths, to)] : []),
  ];
}

/** A kubelet may be three minors older than its API server (kubernetes.io/releases/version-skew-policy). */
const MOST_BEHIND = 3;

const agentFaults = (paths: readonly HostPath[], to: string): string[] =>
  paths
    .filter(({ role, runs }) => role === "agent" && minorSteps(minorOf(runs.k3s), to) > MOST_BEHIND)
    .map(
      ({ hostname, runs }) =>
        `${hostname} has K3s ${runs.k3s}, which is more than ${MOST_BEHIND} minors older than ${to}: roll out to it first`,
    );

function badReleaseFaults(paths: readonly HostPath[]): string[] {
  const versions = paths
    .filter(({ runs, builds }) => runs.k3s !== builds.k3s)
    .map(({ builds }) => builds.k3s);
  return [...new Set(versions)].flatMap((version) => {
    const bad = badRelease(version);
    return bad === undefined ? [] : [`nixpkgs has K3s ${version}: ${bad.reason} (${bad.source})`];
  });
}

function etcdFaults(paths: readonly HostPath[], { from, to }: Pick<Hop, "from" | "to">): string[] {
  const { k3s, etcd: least, from: first, reason, source } = ETCD_BEFORE;
  if (minorSteps(k3s, to) < 0 || minorSteps(k3s, from) >= 0) return [];
  return ofServers(paths)
    .filter(({ etcd }) => etcd === "" || compareVersions(etcd, least) < 0)
    .map(
      ({ hostname, etcd }) =>
        `${hostname} has etcd ${etcd || "of unknown version"}, and needs ${least} before K3s ${k3s}, since ${reason} (${source}): ` +
        `upgrade to K3s ${first} or a later ${from} first, by --k3s ${from} and a nixpkgs that has it`,
    );
}

function apiFaults(paths: readonly HostPath[], to: string): string[] {
  const servers = ofServers(paths);
  const silent = servers.filter(({ deprecated }) => deprecated === undefined);
  const gone = goneIn(
    servers.flatMap(({ deprecated = [] }) => deprecated),
    to,
  );
  return [
    ...(silent.length === 0
      ? []
      : [`the API of ${namesOf(silent)} does not say which deprecated APIs are in use (/metrics)`]),
    ...gone.map(
      ({ version, resource, removed }) =>
        `something in the cluster asks for ${resource} of ${version}, which Kubernetes ${removed} no longer has: ` +
        "change its manifests and clients. A server forgets such a request when its K3s restarts",
    ),
  ];
}

function nixosFaults(paths: readonly HostPath[], { nixos: asked }: Goal): string[] {
  return grouped(paths, ({ release, runs, builds }) => {
    if (builds.nixos !== release)
      return `main.ts states NixOS ${release}, and nixpkgs is of ${builds.nixos}: pin one of ${release} (${npmRun("nixpkgs -- update")})`;
    if (releaseSteps(runs.nixos, release) < 0)
      return `NixOS ${release} is older than the ${runs.nixos} that runs: what services have stored may be too new for it`;
    if (asked !== undefined && releaseSteps(asked, release) > 0)
      return `main.ts leads to NixOS ${release}, and you asked for ${asked}: state ${nixosInWords(asked)}`;
    const path = releasesAfter(runs.nixos, release);
    const [next = release] = path;
    // What a release removes, the one before still replaces with a warning (nixpkgs, lib/modules.nix, mkRenamedOptionModule).
    return path.length > 1
      ? `NixOS goes one release at a time, ${way(runs.nixos, path)}, and main.ts leads to ${release}: state ${nixosInWords(next)} first`
      : undefined;
  });
}

const stateVersionFaults = ({ hostname, stateVersion, installedWith }: HostPath): string[] =>
  installedWith === "" || installedWith === stateVersion
    ? []
    : [
        `${hostname} was installed with NixOS ${installedWith}, and main.ts states ${stateVersion}: an upgrade leaves nixos.stateVersion as it is`,
      ];

const optionFaults = ({ hostname, options, runs, builds }: HostPath): string[] =>
  [...options].flatMap(([file, stated]) =>
    removedBetween(stated, runs.nixos, builds.nixos).map(
      ({ option, release, instead }) =>
        `${hostname}: ${file} states ${option}, which NixOS ${release} no longer has: ` +
        (instead === undefined ? "remove it" : `see ${instead}`),
    ),
  );

/** A fault of several hosts once, with their names. */
function grouped(paths: readonly HostPath[], fault: (path: HostPath) => string | undefined): string[] {
  return [...groupBy(paths, fault)].flatMap(([words, some]) =>
    words === undefined ? [] : [`${namesOf(some)}: ${words}`],
  );
}

const namesOf = (paths: readonly HostPath[]): string => paths.map(({ hostname }) => hostname).join(", ");

/** What `main.ts` has to state for the next step to the goal, after what it states now. @default - empty: the goal is reached */
export function nextStatements(paths: readonly HostPath[], { k3s, nixos }: Goal): string[] {
  const { to } = hopOf(paths);
  const [minor] = k3s === undefined ? [] : minorsAfter(to, k3s);
  const releases = paths.map(({ builds }) => builds.nixos).sort();
  const [release] = nixos === undefined ? [] : releasesAfter(releases[0] ?? nixos, nixos);
  return [
    ...(release === undefined ? [] : [nixosInWords(release)]),
    ...(minor === undefined ? [] : [k3sInWords(minor)]),
  ];
}

/** The whole path, as a person reads it. */
export function pathInWords(paths: readonly HostPath[], { k3s, nixos }: Goal): string {
  const { oldest, to } = hopOf(paths);
  const last = k3s ?? to;
  const releases = paths.map(({ runs }) => runs.nixos).sort();
  const [release = ""] = releases;
  const end =
    nixos ??
    paths
      .map(({ builds }) => builds.nixos)
      .sort()
      .at(-1) ??
    release;
  return `NixOS ${way(release, releasesAfter(release, end))}, K3s ${way(oldest, minorsAfter(oldest, last))}`;
}
