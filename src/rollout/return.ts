/** Reverting a host to its previous system. */
import { isDisconnected, messageOf, UserError } from "../base/user-error";
import type { Build } from "./build";
import { Deadline, pause } from "./deadline";
import type { Facts } from "./facts";
import { inspect } from "./health";
import type { Host } from "./host";
import type { Report } from "./script";
import type { RunOptions } from "./ssh";

/** Interval of polling a host. */
export const POLL_SECONDS = 1;

/** How long a revert without a reboot may take. */
export const REVERT_SECONDS = 120;

/** The state of a host before a change. */
export type Start = Pick<Facts, "current" | "bootId" | "failedUnits">;

/**
 * Reverts an activation that an ended rollout left unconfirmed.
 *
 * @param rebootSeconds - how long the host may take to come back after a reboot, which ends a trial
 * @returns the state of the host afterwards
 */
export async function revertUnconfirmed(host: Host, facts: Facts, rebootSeconds: number): Promise<Start> {
  const { unconfirmed } = facts;
  if (unconfirmed === undefined) return facts;
  const seconds = unconfirmed.state === "trial" ? rebootSeconds : REVERT_SECONDS;
  return host.log.step(host.name, "revert the unconfirmed activation", async () => {
    if (unconfirmed.state !== "reverting") await host.call("revert-now", {});
    const { state, bootId } = await awaitReturn(host, { ...facts, current: unconfirmed.before }, seconds);
    if (state === "away" || state === "starting")
      throw new UserError(
        "failed",
        `${host.name} did not revert to its system before an earlier rollout within ${seconds} s`,
      );
    return { current: unconfirmed.before, bootId, failedUnits: facts.failedUnits };
  });
}

/** Adds to a lost connection what happens to the host; returns any other error unchanged. */
export function withConsequence(error: unknown, next: string): unknown {
  if (!isDisconnected(error)) return error;
  const { code, host, step } = error;
  return new UserError(code, `${error.problem}. ${next}`, { host, step, cause: error });
}

/**
 * Runs the program that keeps the system under test.
 *
 * @param afterFailure - decides what a failure on the host means, from the host's state and the reason
 * @throws UserError when the connection is lost, and whatever `afterFailure` throws
 */
export async function keepTested(
  host: Host,
  program: "commit" | "keep",
  built: Build,
  afterFailure: (error: unknown, report: Report, why: string) => Promise<never>,
  options: Partial<RunOptions> = {},
): Promise<Report> {
  try {
    return await host.call(program, { built: built.path }, options);
  } catch (error) {
    if (isDisconnected(error)) {
      throw withConsequence(
        error,
        "The host finishes what it has begun, or reverts by itself; run the same command again to find out",
      );
    }
    return afterFailure(
      error,
      await inspect(host),
      error instanceof UserError ? error.text : messageOf(error),
    );
  }
}

/**
 * The progress of a revert. `starting`: the previous system runs, but its services are not up yet. `rebooted`: the host
 * reverted by a reboot, its last resort.
 */
export interface Return {
  readonly state: "away" | "starting" | "back" | "rebooted";
  readonly bootId: string;
}

/** Waits until a host has reverted, and disarms its timer. */
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
