/** How a host gets back to what it ran before. */
import { isDisconnected, UserError } from "../base/user-error";
import { Deadline, pause } from "./deadline";
import type { Facts } from "./facts";
import { inspect } from "./health";
import type { Host } from "./host";

/** Between two looks at a host. */
export const POLL_SECONDS = 1;

/** How long an old system may take to come back without a reboot. */
export const REVERT_SECONDS = 120;

/** What a host was before it was changed. */
export type Start = Pick<Facts, "current" | "bootId" | "failedUnits">;

/**
 * Ends what a rollout that is over has left unconfirmed.
 *
 * @param rebootSeconds - how long the host may take to be back after a reboot, which ends a trial
 * @returns what the host is then
 */
export async function revertUnconfirmed(host: Host, facts: Facts, rebootSeconds: number): Promise<Start> {
  const { unconfirmed } = facts;
  if (unconfirmed === undefined) return facts;
  const seconds = unconfirmed.state === "trial" ? rebootSeconds : REVERT_SECONDS;
  return host.log.step(host.name, "take back what was not confirmed", async () => {
    if (unconfirmed.state !== "reverting") await host.call("revert-now", {});
    const { state, bootId } = await awaitReturn(host, { ...facts, current: unconfirmed.before }, seconds);
    if (state === "away" || state === "starting")
      throw new UserError(
        "failed",
        `${host.name} does not return to what it ran before an earlier rollout, within ${seconds} s`,
      );
    return { current: unconfirmed.before, bootId, failedUnits: facts.failedUnits };
  });
}

/** A lost connection, with what becomes of the host; any other error as it is. */
export function withConsequence(error: unknown, next: string): unknown {
  if (!isDisconnected(error)) return error;
  const { code, host, step } = error;
  return new UserError(code, `${error.problem}. ${next}`, { host, step, cause: error });
}

/**
 * How far a host has come on its way back: `starting` is the former system, whose services are not up yet; `rebooted` is
 * its own last resort.
 */
export interface Return {
  readonly state: "away" | "starting" | "back" | "rebooted";
  readonly bootId: string;
}

/** Waits for a host to be back, and has it forget the way. */
export async function awaitReturn(host: Host, start: Start, seconds: number): Promise<Return> {
  const deadline = new Deadline(seconds);
  let last: Return;
  do {
    last = await returnOf(host, start);
    if (last.state === "back" || last.state === "rebooted") break;
    await pause(POLL_SECONDS);
  } while (!deadline.passed);
  return last;
}

async function returnOf(host: Host, start: Start): Promise<Return> {
  try {
    const report = await inspect(host);
    const bootId = report.one("boot_id");
    if (report.one("current") !== start.current) return { state: "away", bootId };
    const back = bootId === start.bootId ? "back" : "rebooted";
    if (back === "back" && report.one("reverted") !== "yes") return { state: "starting", bootId };
    const disarmed = (await host.call("disarm", {})).one("current") === start.current;
    return { state: disarmed ? back : "away", bootId };
  } catch {
    host.tryOtherAddress();
    return { state: "away", bootId: "" };
  }
}
