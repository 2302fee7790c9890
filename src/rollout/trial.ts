import { UserError } from "../base/user-error";
import type { Build } from "./build";
import { inspect } from "./health";
import type { Host } from "./host";
import type { Kubernetes } from "./kubernetes";
import type { Lock } from "./lock";
import { awaitBoot, requestReboot } from "./reboot";
import type { Resetter } from "./reset";
import { withConsequence, keepTested, REVERT_SECONDS, awaitReturn, type Start } from "./return";
import { text } from "../render/remote-script";
import type { Report } from "./script";

/**
 * How a host boots a system on trial: `once`, with its former system as the boot default all the time, or `as default`, which leads
 * back only from a system that gets as far as systemd.
 */
export type Trial = "once" | "as default";

/** Why its boot loader cannot boot a system once, and what follows from that. */
export const notOnceInWords = (fault: string): string =>
  `its new system is its boot default before it is seen to boot, since ${fault}. If it gets no further than its initrd, choose an ` +
  "older generation in its boot menu";

/** The remedy for a system that cannot be activated while a host runs. */
export const HOW_TO_BOOT =
  "--boot drains it and boots it into that system on trial: it reverts by itself unless it is confirmed";

export interface TrialOptions {
  /** Time from its boot until an unconfirmed host reverts. */
  readonly confirmSeconds: number;
  /** How long the host may take to come back after a reboot. */
  readonly rebootSeconds: number;
  /** Resets the VM of a host that does not come back. @default - nobody does */
  readonly resetter?: Resetter;
}

/**
 * Boots a host into a system, which reverts by one of its units unless the host is confirmed.
 *
 * @throws UserError when the host is unchanged
 */
export async function bootOnTrial(
  host: Host,
  start: Start,
  built: Build,
  kubernetes: Kubernetes,
  { id, owner }: Pick<Lock, "id" | "owner">,
  trial: Trial,
  options: TrialOptions,
): Promise<void> {
  const { log, name } = host;
  const { confirmSeconds, rebootSeconds } = options;
  const variables = {
    built: built.path,
    before: start.current,
    once: trial === "once" ? "yes" : "",
    seconds: confirmSeconds,
    revert_program: text("trial-revert.sh"),
    rollout: id,
    operator: owner,
  };
  await log.step(name, "prepare the trial", () =>
    host.call("trial", variables, { timeoutSeconds: 180 }).catch(afterBreak),
  );
  // There and back.
  const seconds = 2 * rebootSeconds + confirmSeconds;
  await log.step(name, "boot on trial", async () => {
    const notBoot = await requestReboot(host, trial === "once" ? start.current : built.path);
    const expected = { system: built.path, notBoot, former: start.current };
    const { state, missing } = await awaitBoot(host, expected, kubernetes, seconds);
    // Do not wait again for a host that has already been down for so long.
    if (state !== "there")
      await ensureReverted(host, start, trial, missing, state === "away" ? 0 : rebootSeconds, options);
  });
  await log.step(
    name,
    "keep it",
    () => keep(host, start, built, trial, seconds, options),
    (report) => (report.one("copy") === "" ? "" : `the former /etc/nixos is ${report.one("copy")}`),
  );
}

/** How far it got is unknown. */
function afterBreak(error: Error): never {
  throw withConsequence(
    error,
    "Its next boot may be on trial, after which it reverts by itself; run the same command again to undo that",
  );
}

/** @throws UserError when the host has reverted, or when only its /etc/nixos is still the old one */
const keep = (
  host: Host,
  start: Start,
  built: Build,
  trial: Trial,
  seconds: number,
  options: TrialOptions,
): Promise<Report> =>
  keepTested(host, "keep", built, (error, report, why) => {
    const reverts = report.one("trial") === "yes" || report.one("reverted") === "yes";
    if (report.one("current") === built.path && !reverts) throw error;
    return ensureReverted(host, start, trial, [why], seconds, options);
  });

/** Makes sure that the host is back on its previous system. @throws UserError always, with the outcome */
async function ensureReverted(
  host: Host,
  start: Start,
  trial: Trial,
  missing: readonly string[],
  seconds: number,
  { resetter, rebootSeconds }: TrialOptions,
): Promise<never> {
  const why = missing.join("; ");
  let { state, bootId } = await awaitReturn(host, start, seconds);
  const isReset = state === "away" && trial === "once" && resetter !== undefined;
  if (isReset) {
    await resetter.reset(host.node);
    ({ state, bootId } = await awaitReturn(host, start, rebootSeconds));
  }
  if (state === "away") {
    throw new UserError(
      "unreachable",
      `${host.name} was not confirmed after its boot on trial (${why}), and was not seen to revert${
        isReset ? ` within ${rebootSeconds} s of the reset of its VM` : ""
      }. ${howBack(host, trial)}`,
    );
  }
  const report = await inspect(host);
  // The new system, whose unit would revert, was never booted.
  if (report.one("reverted") !== "yes") {
    await host.call("revert-now", {});
    await awaitReturn(host, { ...start, bootId }, REVERT_SECONDS);
  }
  if (isReset)
    throw new UserError(
      "failed",
      `${host.name} did not come back from its boot on trial (${why}). Its VM ${host.node.vmId} was reset through Proxmox VE, and it runs ` +
        "its previous system, which is also its boot default",
    );
  if (report.one("tried") === "")
    throw new UserError(
      "failed",
      `${host.name} rebooted, but not into the built system: ${
        trial === "once" ? "it did not get as far as systemd, or " : ""
      }a person or its boot loader chose another one. It runs its previous system, which is also its boot default`,
    );
  throw new UserError(
    "failed",
    `${host.name} was not confirmed after its boot on trial and has reverted by itself, by another reboot, to its ` +
      `previous system, which is also its boot default: ${why}`,
  );
}

/** What a person has to do for a host that does not revert by itself. */
const howBack = ({ node: { vmId, vm } }: Host, trial: Trial): string =>
  trial === "once"
    ? `Reset its VM ${vmId} in Proxmox VE (qm reset ${vmId} on ${vm.pveNode}): it comes up on its previous system, which is still its boot default`
    : "It reverts by itself if its boot gets as far as systemd: look at its console in Proxmox VE; you can choose an older generation in " +
      "its boot menu";
