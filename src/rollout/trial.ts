import { UserError } from "../base/user-error";
import type { Build } from "./build";
import { inspect } from "./health";
import type { Host } from "./host";
import type { Kubernetes } from "./kubernetes";
import type { Lock } from "./lock";
import { awaitBoot, requestReboot } from "./reboot";
import { withConsequence, keepTested, REVERT_SECONDS, awaitReturn, type Start } from "./return";
import { text, type Report } from "./script";

/** The remedy for a system that cannot be activated while a host runs. */
export const HOW_TO_BOOT =
  "--boot drains it and boots it into that system on trial: it reverts by itself unless it is confirmed";

export interface TrialOptions {
  /** Time from its boot until an unconfirmed host reverts. */
  readonly confirmSeconds: number;
  /** How long the host may take to come back after a reboot. */
  readonly rebootSeconds: number;
}

/**
 * Boots a host into a system that cannot be activated while it runs. The system becomes the boot default, and one of its units
 * reverts it unless the host is confirmed.
 *
 * @throws UserError when the host is unchanged
 */
export async function bootOnTrial(
  host: Host,
  start: Start,
  built: Build,
  kubernetes: Kubernetes,
  { id, owner }: Pick<Lock, "id" | "owner">,
  options: TrialOptions,
): Promise<void> {
  const { log, name } = host;
  const { confirmSeconds, rebootSeconds } = options;
  const variables = {
    built: built.path,
    before: start.current,
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
    const notBoot = await requestReboot(host, built);
    const expected = { system: built.path, notBoot, former: start.current };
    const { state, missing } = await awaitBoot(host, expected, kubernetes, seconds);
    // Do not wait again for a host that has already been down for so long.
    if (state !== "there") await ensureReverted(host, start, missing, state === "away" ? 0 : rebootSeconds);
  });
  await log.step(
    name,
    "keep it",
    () => keep(host, start, built, seconds),
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
const keep = (host: Host, start: Start, built: Build, seconds: number): Promise<Report> =>
  keepTested(host, "keep", built, (error, report, why) => {
    const reverts = report.one("trial") === "yes" || report.one("reverted") === "yes";
    if (report.one("current") === built.path && !reverts) throw error;
    return ensureReverted(host, start, [why], seconds);
  });

/** Makes sure that the host is back on its previous system. @throws UserError always, with the outcome */
async function ensureReverted(
  host: Host,
  start: Start,
  missing: readonly string[],
  seconds: number,
): Promise<never> {
  const why = missing.join("; ");
  const { state, bootId } = await awaitReturn(host, start, seconds);
  if (state === "away") {
    throw new UserError(
      "unreachable",
      `${host.name} was not confirmed after its boot on trial (${why}), and was not seen to revert. It reverts by ` +
        "itself if its boot gets as far as systemd: look at its console in Proxmox VE; you can choose an older generation in " +
        "its boot menu",
    );
  }
  const report = await inspect(host);
  // The new system, whose unit would revert, was never booted.
  if (report.one("reverted") !== "yes") {
    await host.call("revert-now", {});
    await awaitReturn(host, { ...start, bootId }, REVERT_SECONDS);
  }
  if (report.one("tried") === "")
    throw new UserError(
      "failed",
      `${host.name} rebooted, but not into the built system: a person or its boot loader chose another one. ` +
        "It runs its previous system, which is also its boot default",
    );
  throw new UserError(
    "failed",
    `${host.name} was not confirmed after its boot on trial and has reverted by itself, by another reboot, to its ` +
      `previous system, which is also its boot default: ${why}`,
  );
}
