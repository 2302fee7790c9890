/** Brings a cluster back after the loss of all its machines: to new ones, from a backup. */
import * as z from "zod";
import { npmRun } from "../base/command-line";
import { parseJson } from "../base/json";
import { messageAtHost, UserError } from "../base/user-error";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { identityFaults } from "./identity";
import { Kubernetes } from "./kubernetes";
import type { Built } from "./order";
import { versionFaults, type Restorable } from "./restorable";
import { restore, type Restored } from "./restore";
import { isSameMinor } from "./version";

/** On the server that is restored first: nothing else shows that its cluster was made by a recovery, and may be replaced. */
export interface Note {
  /** SHA-256 of the snapshot. */
  readonly snapshot: string;
  /** By the operator's clock. */
  readonly begun: string;
  /** What the restore has shown, once it is done. */
  readonly restored?: Restored;
}

const NOTE = z.strictObject({
  snapshot: z.string().regex(/^[0-9a-f]{64}$/),
  begun: z.iso.datetime(),
  restored: z
    .strictObject({
      downSeconds: z.int().min(0),
      readBack: z.int().min(0),
      former: z.array(z.string().max(500)).max(10),
    })
    .optional(),
});

/** @throws UserError when another program has written it */
export async function readNote(founder: Host): Promise<Note | undefined> {
  const text = (await founder.call("recovery", {})).text("note");
  if (text === "") return undefined;
  const { data } = NOTE.safeParse(parseJson(text));
  if (data !== undefined) return data;
  throw new UserError("refused", "its note of a recovery (/var/lib/k3s-rollout/recovery) is not readable", {
    host: founder.name,
    remedy: "create its VM anew",
  });
}

async function writeNote(founder: Host, note: Note | undefined): Promise<void> {
  await founder.call("note-recovery", { note: note === undefined ? "" : JSON.stringify(note) });
}

/** How to get a machine that a recovery takes. */
const ANEW = "create its VM anew with OpenTofu";

/** @param note - of a recovery that has begun. @default - none has */
export function recoverFaults(
  what: Restorable,
  fleet: Fleet,
  founder: Host,
  note: Note | undefined,
): string[] {
  return [
    ...fleet.unreachable.map(
      ({ host, error }) =>
        `${host.name} does not answer (${messageAtHost(error)}): a recovery begins when OpenTofu has created all VMs (${npmRun("apply")})`,
    ),
    ...fleet.hosts.flatMap((state) => identityFaults(state).map((fault) => `${state.host.name}: ${fault}`)),
    ...otherServers(what, fleet),
    ...(note === undefined ? notNew(fleet) : continuationFaults(what, fleet, founder, note)),
  ];
}

/** A backup of another cluster. Nothing that runs can be compared with it, so its servers' names are. */
function otherServers({ backup }: Restorable, { hosts, unreachable }: Fleet): string[] {
  const servers = [...hosts, ...unreachable]
    .filter(({ host }) => host.node.role === "server")
    .map(({ host }) => host.name);
  const members = backup.manifest.members.map(({ name }) => name);
  if (members.some((name) => servers.includes(name))) return [];
  return [
    `${backup.folder} is a backup of another cluster: its servers were ${members.join(", ")}, and those of main.ts are ${servers.join(", ")}`,
  ];
}

const notNew = ({ hosts }: Fleet): string[] =>
  hosts
    .filter(({ facts }) => facts.joined)
    .map(
      ({ host }) =>
        `${host.name} has data of K3s, so it is no new clone: rollout restore puts a cluster back that is there. If all of it is lost, ${ANEW}`,
    );

function continuationFaults(what: Restorable, fleet: Fleet, founder: Host, note: Note): string[] {
  if (note.snapshot !== what.backup.manifest.snapshot.sha256)
    return [
      `${founder.name} is in a recovery from another backup, begun at ${note.begun}: go on with that one, or ${ANEW}`,
    ];
  const joined = fleet.hosts.filter(({ facts }) => facts.joined);
  return [
    ...joined
      .filter(({ host }) => host.node.role === "server")
      .flatMap((state) => versionFaults(what, state)),
    ...(note.restored === undefined ? joined : [])
      .filter(({ host }) => host !== founder)
      .map(({ host }) => `${host.name} has joined a cluster before the backup was restored: ${ANEW}`),
  ];
}

/** New machines have no K3s until they are built. */
export const builtVersionFaults =
  ({ backup }: Restorable) =>
  (built: readonly Built[]): string[] =>
    built
      .filter(
        ({ node, k3sVersion }) =>
          node.role === "server" && !isSameMinor(k3sVersion, backup.manifest.k3sVersion),
      )
      .map(
        ({ node, k3sVersion }) =>
          `${node.hostname} would run K3s ${k3sVersion}, and the backup is of ${backup.manifest.k3sVersion}: set that minor version in main.ts first`,
      );

/** The steps that a recovery takes from others. */
export interface Rollouts {
  /** Rolls out to the server that is restored first. */
  readonly founder: () => Promise<void>;
  /** Rolls out to all others, which join it. */
  readonly others: () => Promise<void>;
}

/** @param command - goes on after an interruption. @throws UserError when it fails; the same command again continues */
export async function recover(
  what: Restorable,
  founder: Host,
  before: Note | undefined,
  rollouts: Rollouts,
  command: string,
): Promise<Required<Note>> {
  const { log } = founder;
  const { sha256 } = what.backup.manifest.snapshot;
  const note = before ?? { snapshot: sha256, begun: new Date().toISOString() };
  if (before === undefined)
    await log.step(founder.name, "begin the recovery", () => writeNote(founder, note));
  const done = { ...note, restored: note.restored ?? (await restoreOn(what, founder, rollouts, command)) };
  await writeNote(founder, done);
  await rollouts.others();
  await log.step(founder.name, "end the recovery", () => writeNote(founder, undefined));
  return done;
}

/** The server founds a new cluster first, as after every rollout to a first server: what is restored takes its place. */
async function restoreOn(
  what: Restorable,
  founder: Host,
  rollouts: Rollouts,
  command: string,
): Promise<Restored> {
  await rollouts.founder();
  return restore({ what, founder, members: [], agents: [], command, anew: true }, new Kubernetes([founder]));
}
