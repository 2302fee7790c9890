/** How K3s is started on a host, and how a server is started aside with the same flags. */
import * as z from "zod";
import { parseJson } from "../base/json";
import { UserError } from "../base/user-error";
import { K3S_DATA } from "../config/settings";
import type { Host } from "./host";

/** Data of a server; etcd's is below, and may be on a disk of its own. */
export const SERVER_DATA = `${K3S_DATA}/server`;

/** `ExecStart` as D-Bus has it: path, arguments, and what systemd knows of the last run (man 5 org.freedesktop.systemd1). */
const EXEC_START = z.object({
  data: z.tuple([z.tuple([z.string(), z.array(z.string()).max(500)], z.unknown())], z.unknown()),
});

/** Flags of `k3s server`, as its unit has them. @throws UserError when its unit is not that of a server of this project */
export async function unitFlags(host: Host): Promise<string[]> {
  const report = await host.call("k3s-unit", {});
  const at = { host: host.name };
  const { data } = EXEC_START.safeParse(parseJson(report.text("unit")));
  if (data === undefined) throw new UserError("refused", "systemd does not say how K3s is started", at);
  const [, [, command, ...flags]] = data.data[0];
  if (command !== "server") throw new UserError("refused", "its K3s is no server", at);
  // systemd resolves specifiers, and a program's environment only when it starts it.
  const words = flags.map((flag) => flag.replaceAll("$$", "\0"));
  if (words.some((word) => /[$\n]/.test(word)))
    throw new UserError("refused", "a flag of its K3s depends on the environment of its unit", at);
  return words.map((word) => word.replaceAll("\0", "$"));
}

/** What a server aside must not share with that of the host, or gets from the restore. */
const OWN = [
  "token",
  "token-file",
  "data-dir",
  "write-kubeconfig",
  "cluster-reset",
  "cluster-reset-restore-path",
  // With them a path is taken for a name in the bucket (k3s, pkg/etcd/s3/s3.go).
  /^etcd-s3/,
  /^etcd-(snapshot-|disable-snapshots)/,
];

/** Flags for which there is no snapshot of etcd to restore. */
const WITHOUT_ETCD = ["datastore-endpoint", "disable-etcd"];

/**
 * The same flags for a server aside, which runs no pods and takes no snapshots.
 *
 * @throws UserError when a server with these flags cannot be reset
 */
export function flagsAside(host: Host, flags: readonly string[]): string[] {
  const options = optionsOf(flags);
  const at = { host: host.name };
  if (options.some(({ name }) => name === "server"))
    throw new UserError(
      "refused",
      "its K3s joins another server (--server), and such a server is not reset",
      {
        ...at,
        remedy: "roll out a main.ts in which clusterInit is at this server",
      },
    );
  const other = options.find(({ name }) => WITHOUT_ETCD.includes(name));
  if (other !== undefined)
    throw new UserError("refused", `its K3s has no etcd of its own (--${other.name})`, at);
  const kept = options.filter(
    ({ name }) => !OWN.some((own) => (own instanceof RegExp ? own.test(name) : own === name)),
  );
  return [...kept.flatMap(({ words }) => words), "--disable-agent", "--etcd-disable-snapshots"];
}

interface Option {
  readonly name: string;
  /** It, and its value where that is a word of its own. */
  readonly words: readonly string[];
}

function optionsOf(flags: readonly string[]): Option[] {
  const options: Option[] = [];
  for (const word of flags) {
    const last = options.at(-1);
    const [, name] = /^--?([a-z0-9-]+)(?:=|$)/.exec(word) ?? [];
    if (name !== undefined) options.push({ name, words: [word] });
    else if (last !== undefined) options[options.length - 1] = { ...last, words: [...last.words, word] };
  }
  return options;
}
