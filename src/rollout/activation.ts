import { isDisconnected, messageAtHost, messageOf, UserError } from "../base/user-error";
import type { Build } from "./build";
import { Deadline, pause } from "./deadline";
import { follow, heardOf, hostFaults, inspect, nodeFaults, NO_NEW_CONNECTION } from "./health";
import type { Host } from "./host";
import type { Kubernetes } from "./kubernetes";
import type { Lock } from "./lock";
import { withConsequence, POLL_SECONDS, REVERT_SECONDS, awaitReturn, type Start } from "./return";
import { text, type Report } from "./script";
import { HOW_TO_BOOT } from "./trial";

/**
 * Brings a built system to run, and makes it the boot default when it was seen to work. Until then a timer on the host
 * waits to return to what ran before.
 *
 * @param seconds - after which the host reverts, unless it was confirmed
 * @throws UserError when the host is as it was
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
      (report) => (report.one("neutralised") === "" ? "" : "the saved 'flush ruleset' was taken out first"),
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

/** Nobody knows how far it got; the host does, and sees to itself. */
function afterBreak(error: Error, seconds: number): never {
  throw withConsequence(
    error,
    `Should the activation have begun, the host reverts by itself within ${seconds} s; then run the same command again`,
  );
}

/** @throws UserError when the host is as it was, or is changed but for its /etc/nixos */
async function commit(host: Host, start: Start, built: Build): Promise<Report> {
  try {
    return await host.call("commit", { built: built.path }, { timeoutSeconds: 180 });
  } catch (error) {
    if (isDisconnected(error)) {
      throw withConsequence(
        error,
        "What has begun on it goes on to its end, or it reverts by itself; run the same command again to see",
      );
    }
    const report = await inspect(host);
    if (report.one("current") === built.path && report.one("profile") === built.path) throw error;
    if (report.one("boot_id") !== start.bootId) return rebooted(host, start, report);
    return returned(host, start, [error instanceof UserError ? error.text : messageOf(error)], false);
  }
}

/**
 * Waits until all that is expected holds, as seen over a new TCP connection. The one that is there says meanwhile how far
 * the host has come.
 *
 * @returns what else is to be said
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
  let heardBefore: string | undefined;
  while (!deadline.passed) {
    const look = await lookAt(host, built, kubernetes, { start, heardBefore, ended, fresh });
    if (look.end !== undefined) return look.end();
    if (look.missing.length === 0) return look.words ?? "";
    if (!look.reverted) missing = look.missing;
    host.log.write(host.name, `not confirmed yet: ${missing.join("; ")}`);
    if (look.over) break;
    if (ended || !look.ended) await pause(POLL_SECONDS);
    // What its kubelet said before is no sign of its life now.
    else heardBefore = heardOf((await kubernetes.nodesIfAny()) ?? [], host);
    fresh = look.callsForNew === true || (look.ended && !ended);
    ended = look.ended;
  }
  return returned(host, start, missing, !deadline.passed);
}

interface Look {
  readonly missing: readonly string[];
  /** The activation had come to its end. */
  readonly ended: boolean;
  /** Waiting longer is of no use. */
  readonly over?: true;
  readonly reverted?: true;
  /** Of an activation that did not end with 0, and did not fail. */
  readonly words?: string;
  /** Nothing more is to be learned over the connection that is there. */
  readonly callsForNew?: boolean;
  /** What to do where there is nothing to revert. */
  readonly end?: () => Promise<never>;
}

interface Before {
  readonly start: Start;
  readonly heardBefore: string | undefined;
  /** The activation was seen to have ended, over a connection before this one. */
  readonly ended: boolean;
  /** To look over a new connection. */
  readonly fresh: boolean;
}

async function lookAt(
  host: Host,
  built: Build,
  kubernetes: Kubernetes,
  { start, heardBefore, ended, fresh }: Before,
): Promise<Look> {
  try {
    const report = await follow(host, fresh);
    if (report.one("boot_id") !== start.bootId) {
      return { missing: ["it was rebooted"], ended: true, end: () => rebooted(host, start, report) };
    }
    if (report.one("reverted") === "yes" || report.one("reverting") === "activating") {
      return { missing: ["the timer had fired"], ended: true, over: true, reverted: true };
    }
    // Without an answer systemd may be replacing itself, as an upgrade of it does.
    if (["activating", ""].includes(report.one("activation"))) {
      return { missing: ["the activation has not come to its end"], ended: false };
    }
    const failure = failureOf(report, start);
    if (failure !== undefined && isRefusal(report, start)) {
      return { missing: [failure], ended: true, end: () => refused(host, failure, report.one("status")) };
    }
    if (failure !== undefined) return { missing: [failure], ended: true, over: true };
    // This connection may have passed the former firewall: it came about while the activation was at work.
    if (!ended)
      return { missing: ["no new SSH connection came about since the activation ended"], ended: true };
    const own = hostFaults(report, { system: built.path });
    if (own.length > 0) return { missing: own, ended: true };
    const missing = await nodeFaults(host, report, kubernetes, heardBefore);
    if (missing.length === 0 && !fresh)
      return { missing: [NO_NEW_CONNECTION], ended: true, callsForNew: true };
    return { missing, ended: true, words: report.one("activation") === "failed" ? FAILED_BEFORE : "" };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { missing: [messageAtHost(error)], ended, callsForNew: isDisconnected(error) };
  }
}

/** Another program of the host's activates something. */
const LOCKED = "11";

/** Codes with which switch-to-configuration ends before it has changed anything: a check, a lock, another init. */
const REFUSALS: ReadonlySet<string> = new Set(["1", LOCKED, "100"]);

/** It ends so when a unit is failed, whose it ever is, and when only a user's own activation failed. */
const WITH_FAILED_UNITS = "4";

const FAILED_BEFORE = "switch-to-configuration ended with 4, and no unit is failed that was not before";

const isRefusal = (report: Report, start: Start): boolean =>
  REFUSALS.has(report.one("status")) && report.one("current") === start.current;

/** Why an activation that has ended failed: by the units that are failed and were not before, where it is they. */
function failureOf(report: Report, { failedUnits }: Start): string | undefined {
  if (report.one("activation") === "active") return undefined;
  const fresh = report.all("failed").filter((unit) => !failedUnits.includes(unit));
  if (fresh.length > 0) return `the following units failed: ${fresh.join(", ")}`;
  if (report.one("status") === WITH_FAILED_UNITS) return undefined;
  return `the activation failed (${report.one("result")} ${report.one("status")})`;
}

/** Nothing has begun that would have to be undone. */
async function refused(host: Host, failure: string, status: string): Promise<never> {
  const words = `${host.name} refused the activation, and nothing was changed: ${failure}${await lastWords(host)}`;
  await host.call("disarm", {});
  throw status === LOCKED
    ? new UserError("refused", words)
    : new UserError("needs boot", `${words}\n${HOW_TO_BOOT}`);
}

/** The tested system was not the boot default yet. */
async function rebooted(host: Host, start: Start, report: Report): Promise<never> {
  const current = report.one("current");
  const runs = current === start.current ? "what it ran before, which it also boots" : current;
  await host.call("disarm", {}).catch(() => undefined);
  throw new UserError(
    "failed",
    `${host.name} was rebooted before it was confirmed, by a reset, a power failure or somebody, and runs ${runs}. ` +
      "Run the same command again",
  );
}

/** Sees to it that the host is back on its former system. @throws UserError in any case, with what became of it */
async function returned(
  host: Host,
  start: Start,
  missing: readonly string[],
  early: boolean,
): Promise<never> {
  const why = missing.join("; ");
  // Where there is a way to it; else the timer does the same.
  const words = early ? await lastWords(host) : "";
  if (early) await host.call("revert-now", {}).catch(() => undefined);
  const { state } = await awaitReturn(host, start, REVERT_SECONDS);
  if (state === "back") {
    throw new UserError(
      "failed",
      `${host.name} was not confirmed and has reverted by itself to what it ran before, which it also boots: ${why}${words}`,
    );
  }
  if (state === "rebooted") {
    throw new UserError(
      "failed",
      `${host.name} was not confirmed, and was rebooted into what it ran before, which it also boots: ${why}${words}`,
    );
  }
  if (state === "starting") {
    throw new UserError(
      "failed",
      `${host.name} was not confirmed (${why}), and runs what it ran before, which it also boots; its services are still ` +
        `starting: look at them with systemctl list-jobs there, and run the same command again when there are none${words}`,
    );
  }
  throw new UserError(
    "unreachable",
    `${host.name} was not confirmed (${why}), and could not be seen to have reverted within ${REVERT_SECONDS} s. It boots what it ` +
      `ran before: reset its VM in Proxmox VE, or look at its console${words}`,
  );
}

/** Lines of what did not start, the most telling first. */
const LAST_WORDS = 14;

async function lastWords(host: Host): Promise<string> {
  try {
    const { output } = await host.callFully("diagnose", {});
    const lines = output.stdout.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("@"));
    return lines.length === 0 ? "" : `\n    ${lines.slice(0, LAST_WORDS).join("\n    ")}`;
  } catch {
    return "";
  }
}
