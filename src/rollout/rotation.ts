import { daysOf, leftInWords, readCertificates, type Certificates } from "./certificates";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { identityFaults, type HostState } from "./identity";
import { messageAtHost, UserError } from "../base/user-error";
import type { Turns } from "./turns";

/** What a rotation does to a host. */
export interface Turn {
  readonly host: Host;
  /** `left` as it is: it has what is new. */
  readonly verdict: "due" | "left" | "unreachable";
  /** Why, for a person. */
  readonly words: string;
}

/** Members of the cluster, and hosts that do not answer. @throws UserError when one is not the expected machine */
export function membersOf({ hosts, unreachable }: Fleet): { members: HostState[]; away: Turn[] } {
  const faults = hosts.flatMap((state) =>
    identityFaults(state).map((fault) => `${state.host.name}: ${fault}`),
  );
  if (faults.length > 0) throw new UserError("refused", `${faults.join("\n")}\nNo host was changed`);
  return {
    members: hosts.filter(({ facts }) => facts.joined),
    away: unreachable.map(({ host, error }) => ({
      host,
      verdict: "unreachable",
      words: messageAtHost(error),
    })),
  };
}

/**
 * A rotation that was interrupted is finished by another run within this time. When a certificate was issued is known only
 * from its file: its text begins with its authority, and its end depends on K3s' environment.
 */
const NEW_SECONDS = 86_400;

/** Which hosts have certificates that are older than a day, or are in the middle of a rotation. */
export async function planCertificates(members: readonly HostState[], now = new Date()): Promise<Turn[]> {
  return Promise.all(
    members.map(async ({ host, facts }): Promise<Turn> => {
      const certificates = await readCertificates(host);
      const oldest = Math.max(...certificates.issued.map(({ ageSeconds }) => ageSeconds));
      if (facts.k3s !== "active")
        return { host, verdict: "due", words: `its K3s is ${facts.k3s || "not installed"}` };
      if (certificates.issued.length > 0 && oldest < NEW_SECONDS)
        return {
          host,
          verdict: "left",
          words: `all were issued within a day; ${firstExpiry(certificates, now)}`,
        };
      return { host, verdict: "due", words: firstExpiry(certificates, now) };
    }),
  );
}

function firstExpiry(certificates: Certificates, now: Date): string {
  const { issued } = daysOf(certificates, now);
  return issued === undefined ? "it has none" : `the first ${leftInWords(issued)}`;
}

/** @throws UserError when a host does not have new certificates afterwards */
export const rotateCertificates = (turns: Turns, hosts: readonly Host[]): Promise<void> =>
  turns.run(hosts, "rotate its certificates", async (host) => {
    const before = performance.now();
    await host.call("rotate-certificates", {}, { timeoutSeconds: 180 });
    return async () => {
      const certificates = await readCertificates(host);
      const since = (performance.now() - before) / 1000 + 1;
      const old = certificates.issued.filter(({ ageSeconds }) => ageSeconds > since);
      if (certificates.issued.length > 0 && old.length === 0) return firstExpiry(certificates, new Date());
      const names = old.map(({ file }) => file).join(", ");
      throw new UserError("failed", `K3s has not renewed ${names || "its certificates"}`, {
        host: host.name,
      });
    };
  });
