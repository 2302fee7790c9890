/** Which revision of nixpkgs hosts run, where `main.ts` states one for all. */
import { shortRevision } from "../config/nixos";
import type { Host } from "./host";
import type { HostState } from "./identity";

/** `undefined` where each host builds from its own channel. */
const wantedBy = ({ description }: Host): string | undefined => description.nixos?.nixpkgs?.rev;

/** What a host runs now, for the line of a plan that says what it runs. @default - nothing, without a pin */
export function runningRevision(host: Host, running: string): string {
  return wantedBy(host) === undefined ? "" : `, nixpkgs ${shortRevision(running) || "?"}`;
}

/** What a verification says of it. @returns `undefined` without a pin */
export const verifiedRevision = (host: Host, running: string): string | undefined =>
  wantedBy(host) === undefined ? undefined : running;

/** A host on another revision, and the one that an apply brings it. */
export function revisionDue({ host, facts }: HostState): string[] {
  const wanted = wantedBy(host);
  if (wanted === undefined || facts.nixpkgs === "" || facts.nixpkgs === wanted) return [];
  return [`it runs nixpkgs ${shortRevision(facts.nixpkgs)}, and will run ${shortRevision(wanted)}`];
}

/** Hosts that are not part of a rollout, and stay on another revision than `main.ts` states. */
export const leftBehind = (all: readonly HostState[], included: readonly Host[]): string[] =>
  all
    .filter((state) => !included.includes(state.host) && revisionDue(state).length > 0)
    .map(
      ({ host, facts }) =>
        `${host.name} is not part of this rollout, and stays on nixpkgs ${shortRevision(facts.nixpkgs)}`,
    );

/** What a verification finds. */
export function revisionFaults(host: Host, running: string): string[] {
  const wanted = wantedBy(host);
  if (wanted === undefined || running === wanted) return [];
  if (running === "") return ["it does not say which nixpkgs it runs (nixos-version --revision)"];
  return [`it runs nixpkgs ${shortRevision(running)}, not ${shortRevision(wanted)}`];
}
