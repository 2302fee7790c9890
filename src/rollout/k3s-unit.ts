/** How K3s is started on a host, and how a server is started aside with the same flags. */
import * as z from "zod";
import { parseJson } from "../base/json";
import { UserError } from "../base/user-error";
import { flagsAside, hasOwnWal, k3sOptions } from "../config/k3s-aside";
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

/** Flags for which there is no snapshot of etcd to restore. */
const WITHOUT_ETCD = ["datastore-endpoint", "disable-etcd"];

/** The same flags for a server aside. @throws UserError when a server with these flags cannot be reset */
export function unitFlagsAside(host: Host, flags: readonly string[]): string[] {
  const options = k3sOptions(flags);
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
  // What was restored has a log of its own, and its etcd would read that of before.
  if (options.some(hasOwnWal))
    throw new UserError("refused", "its etcd has its log outside of K3s' data (--etcd-arg=wal-dir)", {
      ...at,
      remedy: "roll out a main.ts without that flag",
    });
  return flagsAside(flags);
}
