import { isDisconnected, messageAtHost, UserError } from "../base/user-error";
import type { Build } from "./build";
import { Deadline, pause } from "./deadline";
import { poll, lastHeartbeat, hostFaults, nodeFaults, NO_NEW_CONNECTION } from "./health";
import type { Host } from "./host";
import type { Kubernetes } from "./kubernetes";
import type { Lock } from "./lock";
import { withConsequence, keepTested, POLL_SECONDS, REVERT_SECONDS, awaitReturn, type Start } from "./return";
import { text } from "../render/remote-script";
import type { Report } from "./script";
import { HOW_TO_BOOT } from "./trial";

/**
 * Activates a built system, and makes it the boot default once it is seen to work. Until then a timer on the host is armed
 * that reverts to the previous system.
 *
 * @param seconds - after which the host reverts, unless it is confirmed
 * @throws UserError when the host is unchanged
 */
export async function activate(
  host: Host,
  start: Start,
  built: Build,
  kubernetes: Kubernetes,
  { id, owner }: Pick<Lock, "id" | "owner">,
  seconds: number,
): Promise<void> {
  const { log } = host;
  if (start.current !== built.path) {
    const variables = {
      built: built.path,
      before: start.current,
      seconds,
      revert_program: text("revert.sh"),
      rollout: id,
      operator: owner,
    };
    await log.step(
      host.name,
      "activate",
      () => host.call("activate", variables).catch((error: unknown) => afterBreak(error as Error, seconds)),
      (report) => (report.one("neutralised") === "" ? "" : "the saved 'flush ruleset' was removed first"),
    );
    host.moveToOwnAddress();
    await log.step(host.name, "confirm", () => confirm(host, start, built, kubernetes, seconds), String);
  }
  await log.step(
    host.name,
    "make it the boot default",
    () => commit(host, start, built),
    (report) => (report.one("copy") === "" ? "" : `the former /etc/nixos is ${report.one("copy")}`),
  );
}

/** How far the activation got is unknown here. The host knows, and reverts by itself. */
function afterBreak(error: Error, seconds: number): never {
  throw withConsequence(
    error,
    `If the activation has begun, the host reverts by itself within ${seconds} s; then run the same command again`,
  );
}

/** @throws UserError when the host is unchanged, or when only its /etc/nixos is still the old one */
const commit = (host: Host, start: Start, built: Build): Promise<Report> =>
  keepTested(
    host,
    "commit",
    built,
    (error, report, why) => {
      if (report.one("current") === built.path && report.one("profile") === built.path) throw error;
      if (report.one("boot_id") !== start.bootId) return rebooted(host, start, report);
      return ensureReverted(host, start, [why], false);
    },
    { timeoutSeconds: 180 },
  );

/**
 * Waits until every expectation holds, as seen over a new TCP connection. The existing connection shows the progress
 * meanwhile.
 *
 * @returns a remark for the log
 */
async function confirm(
  host: Host,
  start: Start,
  built: Build,
  kubernetes: Kubernetes,
  seconds: number,
): Promise<string> {
  const deadline = new Deadline(seconds);
  let missing: readonly string[] = [NO_NEW_CONNECTION];
  let ended = false;
  let fresh = false;
  let heartbeatBefore: Promise<string | undefined> = Promise.resolve(undefined);
  while (!deadline.passed) {
    const look = await observe(host, built, kubernetes, {
      start,
      heartbeatBefore,
      ended,
      fresh,
    });
    if (look.end !== undefined) return look.end();
    if (look.missing.length === 0) return look.words ?? "";
    if (!look.reverted) missing = look.missing;
    host.log.write(host.name, `not confirmed yet: ${missing.join("; ")}`);
    if (look.over) break;
    if (ended || !look.ended) await pause(POLL_SECONDS);
    // A heartbeat from before does not show that the kubelet is alive now. It is read while the new connection is made.
    else heartbeatBefore = kubernetes.nodesIfAny().then((nodes) => lastHeartbeat(nodes ?? [], host));
    fresh = look.needsNewConnection === true || (look.ended && !ended);
    ended = look.ended;
  }
  return ensureReverted(host, start, missing, !deadline.passed);
}

interface Observation {
  readonly missing: readonly string[];
  /** The activation has finished. */
  readonly ended: boolean;
  /** Waiting longer is useless. */
  readonly over?: true;
  readonly reverted?: true;
  /** A remark on an activation that exited with another status than 0, but did not fail. */
  readonly words?: string;
  /** The existing connection has shown all that it can. */
  readonly needsNewConnection?: boolean;
  /** How to end when there is nothing to revert. */
  readonly end?: () => Promise<never>;
}

interface Before {
  readonly start: Start;
  readonly heartbeatBefore: Promise<string | undefined>;
  /** An earlier connection saw that the activation had finished. */
  readonly ended: boolean;
  /** Use a new connection. */
  readonly fresh: boolean;
}

async function observe(
  host: Host,
  built: Build,
  kubernetes: Kubernetes,
  { start, heartbeatBefore, ended, fresh }: Before,
): Promise<Observation> {
  try {
    const [report, heartbeat] = await Promise.all([poll(host, fresh), heartbeatBefore]);
    if (report.one("boot_id") !== start.bootId) {
      return { missing: ["it was rebooted"], ended: true, end: () => rebooted(host, start, report) };
    }
    if (report.one("reverted") === "yes" || report.one("reverting") === "activating") {
      return { missing: ["the revert timer had fired"], ended: true, over: true, reverted: true };
    }
    // No answer: systemd may be re-executing itself, as it does in an upgrade.
    if (["activating", ""].includes(report.one("activation"))) {
      return { missing: ["the activation has not finished"], ended: false };
    }
    const failure = failureOf(report, start);
    if (failure !== undefined && isRefusal(report, start)) {
      return { missing: [failure], ended: true, end: () => refused(host, failure, report.one("status")) };
    }
    if (failure !== undefined) return { missing: [failure], ended: true, over: true };
    // This connection may have passed the old firewall: it was made while the activation was running.
    if (!ended)
      return { missing: ["no new SSH connection could be made since the activation ended"], ended: true };
    const own = hostFaults(report, { system: built.path });
    if (own.length > 0) return { missing: own, ended: true };
    const missing = await nodeFaults(host, report, kubernetes, heartbeat);
    if (missing.length === 0 && !fresh)
      return { missing: [NO_NEW_CONNECTION], ended: true, needsNewConnection: true };
    return { missing, ended: true, words: report.one("activation") === "failed" ? FAILED_BEFORE : "" };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { missing: [messageAtHost(error)], ended, needsNewConnection: isDisconnected(error) };
  }
}

/** Another program on the host is activating a system. */
const LOCKED = "11";

/** Exit statuses of switch-to-configuration before it changes anything: a failed check, a lock, another init. */
const REFUSALS: ReadonlySet<string> = new Set(["1", LOCKED, "100"]);

/** Its exit status when any unit is failed, related or not, and when only a user's own activation failed. */
const WITH_FAILED_UNITS = "4";

const FAILED_BEFORE = "switch-to-configuration exited with 4, but no unit failed that had not failed before";

const isRefusal = (report: Report, start: Start): boolean =>
  REFUSALS.has(report.one("status")) && report.one("current") === start.current;

/** Why a finished activation failed: the units that failed and had not failed before, if there are any. */
function failureOf(report: Report, { failedUnits }: Start): string | undefined {
  if (report.one("activation") === "active") return undefined;
  const fresh = report.all("failed").filter((unit) => !failedUnits.includes(unit));
  if (fresh.length > 0) return `the following units failed: ${fresh.join(", ")}`;
  if (report.one("status") === WITH_FAILED_UNITS) return undefined;
  return `the activation failed (${report.one("result")} ${report.one("status")})`;
}

/** Nothing has to be undone. */
async function refused(host: Host, failure: string, status: string): Promise<never> {
  const words = `${host.name} refused the activation, and nothing was changed: ${failure}${await lastLogLines(host)}`;
  await host.call("disarm", {});
  throw status === LOCKED
    ? new UserError("refused", words)
    : new UserError("needs boot", `${words}\n${HOW_TO_BOOT}`);
}

/** The system under test was not the boot default yet. */
async function rebooted(host: Host, start: Start, report: Report): Promise<never> {
  const current = report.one("current");
  const runs = current === start.current ? "its previous system, which is also its boot default" : current;
  await host.call("disarm", {}).catch(() => undefined);
  throw new UserError(
    "failed",
    `${host.name} was rebooted before it was confirmed, by a reset, a power failure or somebody, and runs ${runs}. ` +
      "Run the same command again",
  );
}

/** Makes sure that the host is back on its previous system. @throws UserError always, with the outcome */
async function ensureReverted(
  host: Host,
  start: Start,
  missing: readonly string[],
  early: boolean,
): Promise<never> {
  const why = missing.join("; ");
  // If the host can be reached; otherwise its timer does the same.
  const words = early ? await lastLogLines(host) : "";
  if (early) await host.call("revert-now", {}).catch(() => undefined);
  const { state } = await awaitReturn(host, start, REVERT_SECONDS);
  if (state === "back") {
    throw new UserError(
      "failed",
      `${host.name} was not confirmed and has reverted by itself to its previous system, which is also its boot default: ${why}${words}`,
    );
  }
  if (state === "rebooted") {
    throw new UserError(
      "failed",
      `${host.name} was not confirmed, and was rebooted into its previous system, which is also its boot default: ${why}${words}`,
    );
  }
  if (state === "starting") {
    throw new UserError(
      "failed",
      `${host.name} was not confirmed (${why}), and runs its previous system, which is also its boot default; its services are still ` +
        `starting: look at them with systemctl list-jobs there, and run the same command again when there are none${words}`,
    );
  }
  throw new UserError(
    "unreachable",
    `${host.name} was not confirmed (${why}), and was not seen to revert within ${REVERT_SECONDS} s. Its previous system is ` +
      `still its boot default: reset its VM in Proxmox VE, or look at its console${words}`,
  );
}

/** Maximum number of log lines to show of what did not start. */
const MAX_LOG_LINES = 14;

async function lastLogLines(host: Host): Promise<string> {
  try {
    const { output } = await host.callFully("diagnose", {});
    const lines = output.stdout.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("@"));
    return lines.length === 0 ? "" : `\n    ${lines.slice(0, MAX_LOG_LINES).join("\n    ")}`;
  } catch {
    return "";
  }
}
