/** What runs in the cluster, read over SSH for `simulate --live`. */
import { mustHave } from "../base/programs";
import { StatusLine } from "../base/status-line";
import { progressPrinter } from "../rollout/format";
import { readRunning } from "../rollout/running";
import { pathsOf, Session } from "../rollout/session";
import type { Running } from "../simulation/running";
import { interruptible, left } from "./interruption";

/**
 * @param folder - of the cluster's hosts
 * @param quiet - without progress on standard error
 */
export const runningCluster = (folder: string, quiet: boolean): Promise<Running> =>
  interruptible(async ({ stop, leave }) => {
    mustHave("ssh", "simulate --live");
    const status = new StatusLine(process.stderr);
    const told = quiet ? () => undefined : progressPrinter(status, process.stderr.isTTY);
    const session = new Session(pathsOf(folder), told);
    try {
      return await Promise.race([readRunning(session, stop), left(leave)]);
    } finally {
      status.hide();
      session.stop();
    }
  });
