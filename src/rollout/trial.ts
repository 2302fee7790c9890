import { isDisconnected, messageOf, UserError } from "../base/user-error";
import type { Build } from "./build";
import { inspect } from "./health";
import type { Host } from "./host";
import type { Kubernetes } from "./kubernetes";
import type { Lock } from "./lock";
import { arrival, requestReboot } from "./reboot";
import { withConsequence, REVERT_SECONDS, awaitReturn, type Start } from "./return";
import { text, type Report } from "./script";

/** What to do about what cannot be activated while a host runs. */
export const HOW_TO_BOOT =
  "--boot lets it boot into that, drained and on trial: it reverts by itself unless it is confirmed";

export interface TrialOptions {
  /** After its boot, until a host that was not confirmed reverts. */
  readonly confirmSeconds: number;
  /** How long the host may take to be back after a reboot. */
  readonly rebootSeconds: number;
}

/**
 * Has a host boot into a system that cannot be activated while it runs. That is the boot default from then on, and a unit of
 * its own reverts it unless the host was confirmed.
 *
 * @throws UserError when the host is as it was
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
    const { state, missing } = await arrival(host, expected, kubernetes, seconds);
    // One that was away for so long is not waited for any more.
    if (state !== "there") await notKept(host, start, missing, state === "away" ? 0 : rebootSeconds);
  });
  await log.step(
    name,
    "keep it",
    () => keep(host, start, built, seconds),
    (report) => (report.one("copy") === "" ? "" : `the former /etc/nixos is ${report.one("copy")}`),
  );
}

/** Nobody knows how far it got. */
function afterBreak(error: Error): never {
  throw withConsequence(
    error,
    "Its next boot may be one on trial, from which it reverts by itself; run the same command again to take that back",
  );
}

/** @throws UserError when the host has reverted, or is changed but for its /etc/nixos */
async function keep(host: Host, start: Start, built: Build, seconds: number): Promise<Report> {
  try {
    return await host.call("keep", { built: built.path });
  } catch (error) {
    if (isDisconnected(error)) {
      throw withConsequence(
        error,
        "What has begun on it goes on to its end, or it reverts by itself; run the same command again to see",
      );
    }
    const report = await inspect(host);
    const reverts = report.one("trial") === "yes" || report.one("reverted") === "yes";
    if (report.one("current") === built.path && !reverts) throw error;
    return notKept(host, start, [error instanceof UserError ? error.text : messageOf(error)], seconds);
  }
}

/** Sees to it that the host is back on its former system. @throws UserError in any case, with what became of it */
async function notKept(
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
      `${host.name} was not confirmed after its boot on trial (${why}), and could not be seen to have reverted. It does so by ` +
        "itself where its boot gets as far as systemd: look at its console in Proxmox VE; an older generation can be chosen in " +
        "its boot menu",
    );
  }
  const report = await inspect(host);
  // Nobody has booted what leads back.
  if (report.one("reverted") !== "yes") {
    await host.call("revert-now", {});
    await awaitReturn(host, { ...start, bootId }, REVERT_SECONDS);
  }
  if (report.one("tried") === "")
    throw new UserError(
      "failed",
      `${host.name} has rebooted, and not into what was built: somebody chose another system in its boot menu, or its boot ` +
        "loader did. It runs what it ran before, which it also boots",
    );
  throw new UserError(
    "failed",
    `${host.name} was not confirmed after its boot on trial and has reverted by itself, by another reboot, to what it ran ` +
      `before, which it also boots: ${why}`,
  );
}
