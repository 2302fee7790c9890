import { UserError } from "../base/user-error";
import { Deadline, pause } from "./deadline";
import type { Description } from "./description";
import type { Host } from "./host";
import type { HostState } from "./identity";
import type { Log } from "./log";
import type { Turn } from "./rotation";
import type { Turns } from "./turns";

/** K3s' own words for the state of a rotation (k3s, pkg/secretsencrypt/config.go). */
const FINISHED = "reencrypt_finished";
const ACTIVE = "reencrypt_active";

/** How long K3s may take to encrypt all Secrets anew: some five a second (docs.k3s.io/cli/secrets-encrypt). */
const REENCRYPT_SECONDS = 3600;

/** As a server reports it; keys by their names. */
interface EncryptionStatus {
  readonly enabled: boolean;
  readonly stage: string;
  readonly key: string;
  /** All servers use the same keys. */
  readonly matches: boolean;
}

/** @throws UserError when the cluster does not encrypt its Secrets */
export function checkEncrypted({ k3s }: Description): void {
  const words = k3s.serverFlags.map((flag) => flag.replace(/^--/, ""));
  if (words.some((flag) => flag === "secrets-encryption" || flag === "secrets-encryption=true")) return;
  throw new UserError(
    "refused",
    "This cluster has no encryption keys: '--secrets-encryption' is not in 'k3s.serverFlags' of main.ts. K3s cannot turn it on in a " +
      "cluster that was founded without it",
  );
}

async function statusOf(host: Host): Promise<EncryptionStatus> {
  const report = await host.call("encryption-status", {}, { timeoutSeconds: 60 });
  let said: unknown;
  try {
    said = JSON.parse(report.text("status"));
  } catch {
    said = undefined;
  }
  const { enable, stage, activekey, hashmatch } = (said ?? {}) as Readonly<Record<string, unknown>>;
  return {
    enabled: enable === true,
    stage: typeof stage === "string" ? stage : "",
    key: typeof activekey === "string" ? activekey : "",
    matches: hashmatch === true,
  };
}

/** What a rotation of the encryption keys has to do, which concerns servers alone. */
export interface EncryptionPlan {
  readonly turns: readonly Turn[];
  /** The server that makes the new key, and the name of the present one. @default - there is a new one that not all servers use */
  readonly first?: { readonly host: Host; readonly key: string };
}

/** @throws UserError when no server runs, or one is away: each has to restart before the next rotation */
export async function planEncryption(
  members: readonly HostState[],
  away: readonly Turn[],
): Promise<EncryptionPlan> {
  const servers = members.filter(({ host }) => host.node.role === "server");
  const missing = [
    ...away.filter(({ host }) => host.node.role === "server").map(({ host }) => host.name),
    ...servers.filter(({ facts }) => facts.k3s !== "active").map(({ host }) => host.name),
  ];
  const first = servers[0]?.host;
  if (missing.length > 0 || first === undefined)
    throw new UserError(
      "refused",
      `K3s has to run on every server: ${missing.join(", ")} is away\nNo host was changed`,
    );
  const status = await statusOf(first);
  if (!status.enabled)
    throw new UserError(
      "refused",
      `K3s on ${first.name} says that it does not encrypt Secrets\nNo host was changed`,
    );
  if (status.stage === ACTIVE)
    throw new UserError("refused", "K3s is encrypting the Secrets anew at the moment", {
      remedy: "wait until 'k3s secrets-encrypt status' on a server says that it has finished",
    });
  const words = status.matches ? `uses ${status.key}` : "not all servers use the newest key yet";
  return {
    turns: servers.map(({ host }) => ({ host, verdict: "due", words })),
    first: status.matches ? { host: first, key: status.key } : undefined,
  };
}

/** Makes a new key unless there is one, restarts the servers with it, and sees that all use it. */
export async function rotateEncryption(
  { turns, first }: EncryptionPlan,
  inTurn: Turns,
  log: Log,
): Promise<void> {
  const hosts = turns.map(({ host }) => host);
  if (first !== undefined)
    await log.step(
      first.host.name,
      "encrypt Secrets with a new key",
      () => makeKey(first.host, first.key),
      String,
    );
  // With one server there is nobody else to tell.
  if (hosts.length > 1)
    await inTurn.run(hosts, "restart K3s with the new key", async (host) => {
      await host.call("restart-k3s", {}, { timeoutSeconds: 180 });
      return async () => `it uses ${(await statusOf(host)).key}`;
    });
  const seen = await Promise.all(hosts.map(statusOf));
  const keys = [...new Set(seen.map(({ key }) => key))];
  if (keys.length === 1 && seen.every(({ matches, stage }) => matches && stage === FINISHED)) {
    log.info("cluster", `all servers use the key ${keys.join()}, and no other`);
    return;
  }
  throw new UserError("failed", "not all servers use the new key", { remedy: "run the same command again" });
}

/** @param key - name of the present one */
async function makeKey(host: Host, key: string): Promise<string> {
  // It returns when all Secrets are encrypted anew, or when K3s' own time for an answer is over, and goes on.
  const asked = host.call("rotate-encryption-keys", { key }, { timeoutSeconds: 180 });
  const failure = await asked.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  const deadline = new Deadline(REENCRYPT_SECONDS);
  for (;;) {
    const now = await statusOf(host);
    if (now.stage === FINISHED && now.key !== key) return `its name is ${now.key}`;
    if (failure !== undefined && now.stage !== ACTIVE) throw failure;
    if (deadline.passed)
      throw new UserError("failed", `K3s has not encrypted all Secrets within ${REENCRYPT_SECONDS} s`, {
        host: host.name,
      });
    await pause(2);
  }
}
