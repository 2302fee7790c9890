import type { Build } from "./build";
import { Deadline } from "./deadline";
import type { Facts } from "./facts";
import { pause } from "./gate";
import { heardOf, hostFaults, inspect, nodeFaults } from "./health";
import type { Host } from "./host";
import type { Kubernetes } from "./kubernetes";
import { text, type Report } from "./script";
import { ConnectionTrouble, messageOf, Trouble } from "./trouble";

/** Between two looks at a host. */
const POLL_SECONDS = 1;

/** How long an old system may take to come back. */
const REVERT_SECONDS = 120;

/**
 * Brings a built system to run, and makes it the boot default when it was seen to work. Until then a timer on the host
 * waits to return to what ran before.
 *
 * @param seconds - after which the host reverts, unless it was confirmed
 * @throws Trouble when the host is as it was
 */
export async function activate(
  host: Host,
  facts: Facts,
  built: Build,
  kubernetes: Kubernetes,
  seconds: number,
): Promise<void> {
  const { log } = host;
  if (facts.current !== built.path) {
    const variables = {
      built: built.path,
      before: facts.current,
      seconds,
      revert_program: text("revert.sh"),
    };
    await log.step(
      host.name,
      "activate",
      () => host.call("activate", variables).catch((error: Error) => afterBreak(error, seconds)),
      (report) => (report.one("neutralised") === "" ? "" : "the saved 'flush ruleset' was taken out first"),
    );
    host.moveToOwnAddress();
    await log.step(host.name, "confirm", () => confirm(host, facts, built, kubernetes, seconds));
  }
  await log.step(
    host.name,
    "make it the boot default",
    () => commit(host, facts, built),
    (report) => (report.one("copy") === "" ? "" : `the former /etc/nixos is ${report.one("copy")}`),
  );
}

/** Nobody knows how far it got; the host does, and sees to itself. */
function afterBreak(error: Error, seconds: number): never {
  if (!(error instanceof ConnectionTrouble)) throw error;
  throw new ConnectionTrouble(
    `${error.message}. Should the activation have begun, the host reverts by itself within ${seconds} s; then run the same again`,
  );
}

/** @throws Trouble when the host is as it was, or is changed but for its /etc/nixos */
async function commit(host: Host, facts: Facts, built: Build): Promise<Report> {
  try {
    return await host.call("commit", { built: built.path }, { timeoutSeconds: 180 });
  } catch (error) {
    if (error instanceof ConnectionTrouble) {
      throw new ConnectionTrouble(
        `${error.message}. What has begun on it goes on to its end, or it reverts by itself; run the same again to see`,
      );
    }
    const report = await inspect(host);
    if (report.one("current") === built.path && report.one("profile") === built.path) throw error;
    return returned(host, facts.current, [messageOf(error).replace(/^.*?: commit: /, "")], false);
  }
}

/** Waits until all that is expected holds, each time over a new TCP connection. */
async function confirm(
  host: Host,
  facts: Facts,
  built: Build,
  kubernetes: Kubernetes,
  seconds: number,
): Promise<void> {
  const deadline = new Deadline(seconds);
  let missing: readonly string[] = ["no new SSH connection came about"];
  let ended = false;
  let heardBefore: string | undefined;
  while (!deadline.passed) {
    const look = await lookAt(host, built, kubernetes, { heardBefore, ended });
    if (look.missing.length === 0) return;
    if (!look.reverted) missing = look.missing;
    host.log.write(host.name, `not confirmed yet: ${missing.join("; ")}`);
    if (look.over) break;
    if (ended || !look.ended) await pause(POLL_SECONDS);
    // What its kubelet said before is no sign of its life now.
    else heardBefore = heardOf((await kubernetes.nodesIfAny()) ?? [], host);
    ended = look.ended;
  }
  await returned(host, facts.current, missing, !deadline.passed);
}

interface Look {
  readonly missing: readonly string[];
  /** The activation had come to its end. */
  readonly ended: boolean;
  /** Waiting longer is of no use. */
  readonly over?: true;
  readonly reverted?: true;
}

interface Before {
  readonly heardBefore: string | undefined;
  /** The activation was seen to have ended, over a connection before this one. */
  readonly ended: boolean;
}

async function lookAt(
  host: Host,
  built: Build,
  kubernetes: Kubernetes,
  { heardBefore, ended }: Before,
): Promise<Look> {
  try {
    const report = await inspect(host);
    if (report.one("reverted") === "yes" || report.one("reverting") === "activating") {
      return { missing: ["the timer had fired"], ended: true, over: true, reverted: true };
    }
    // Without an answer systemd may be replacing itself, as an upgrade of it does.
    if (["activating", ""].includes(report.one("activation"))) {
      return { missing: ["the activation has not come to its end"], ended: false };
    }
    if (report.one("activation") !== "active") {
      const missing = [`the activation failed (${report.one("result").trim()})`];
      return { missing, ended: true, over: true };
    }
    // This connection may have passed the former firewall: it came about while the activation was at work.
    if (!ended)
      return { missing: ["no new SSH connection came about since the activation ended"], ended: true };
    const own = hostFaults(report, { system: built.path });
    if (own.length > 0) return { missing: own, ended: true };
    return { missing: await nodeFaults(host, report, kubernetes, heardBefore), ended: true };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { missing: [messageOf(error).replace(`${host.name}: `, "")], ended };
  }
}

/** Sees to it that the host is back on its former system. @throws Trouble in any case, with what became of it */
async function returned(
  host: Host,
  before: string,
  missing: readonly string[],
  early: boolean,
): Promise<never> {
  const why = missing.join("; ");
  // Where there is a way to it; else the timer does the same.
  const words = early ? await lastWords(host) : "";
  if (early) await host.call("revert-now", {}).catch(() => undefined);
  const deadline = new Deadline(REVERT_SECONDS);
  let state: Return = "away";
  while (!deadline.passed) {
    state = await returnOf(host, before);
    if (state === "back") {
      throw new Trouble(
        `${host.name} was not confirmed and has reverted by itself to what it ran before, which it also boots: ${why}${words}`,
      );
    }
    await pause(POLL_SECONDS);
  }
  if (state === "starting") {
    throw new Trouble(
      `${host.name} was not confirmed (${why}), and runs what it ran before, which it also boots; its services are still ` +
        `starting: look at them with systemctl list-jobs there, and run the same again when there are none${words}`,
    );
  }
  throw new ConnectionTrouble(
    `${host.name} was not confirmed (${why}), and could not be seen to have reverted within ${REVERT_SECONDS} s. It boots what it ` +
      `ran before: reset its VM in Proxmox VE, or look at its console${words}`,
  );
}

/** How far a host has come on its way back: `starting` is the former system, whose services are not up yet. */
type Return = "away" | "starting" | "back";

async function returnOf(host: Host, before: string): Promise<Return> {
  try {
    const report = await inspect(host);
    if (report.one("current") !== before) return "away";
    if (report.one("reverted") !== "yes") return "starting";
    return (await host.call("disarm", {})).one("current") === before ? "back" : "away";
  } catch {
    host.tryOtherAddress();
    return "away";
  }
}

async function lastWords(host: Host): Promise<string> {
  try {
    const { output } = await host.callFully("why", {});
    const lines = output.stdout.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("@"));
    return lines.length === 0 ? "" : `\n    ${lines.slice(-8).join("\n    ")}`;
  } catch {
    return "";
  }
}
