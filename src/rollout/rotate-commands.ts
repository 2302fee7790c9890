import { UserError } from "../base/user-error";
import { askToProceed, changing, fromAnyServer, surveyed, type Operator, type Trust } from "./commands";
import { checkEncrypted, planEncryption, rotateEncryption } from "./encryption-rotation";
import { formatTurns } from "./format";
import { fetchKubeconfig, ownKubeconfig, renewIn } from "./kubeconfig";
import { membersOf, planCertificates, rotateCertificates, type Turn } from "./rotation";
import type { Session } from "./session";
import { unlessStopped } from "./stopping";
import { readTokens } from "./token";
import { checkSources, planTokens, TokenRotation } from "./token-rotation";
import { Turns, type TurnOptions } from "./turns";

export type RotateOptions = TurnOptions & Trust;

/** `rotate certificates`: new certificates on every host, and in the operator's kubeconfig. */
export async function rotateCertificatesCommand(
  session: Session,
  options: RotateOptions,
  operator: Operator,
): Promise<void> {
  const { stop } = operator;
  const { fleet, turns } = await unlessStopped(stop, async () => {
    const fleet = await surveyed(session);
    const { members, away } = membersOf(fleet);
    return { fleet, turns: [...(await planCertificates(members)), ...away] };
  });
  printTurns("certificates", turns, operator);
  const due = turns.filter(({ verdict }) => verdict === "due").map(({ host }) => host);
  if (due.length > 0) {
    await askToProceed(options, fleet, "Rotate the certificates of these hosts?", operator);
    await changing(session, fleet, [], stop, (lock) =>
      rotateCertificates(new Turns(fleet, options, lock, session.log, stop), due),
    );
  }
  await renewKubeconfig(session);
  nameUnreachable(turns);
}

/** `rotate token`: the tokens of main.ts on every host, and in K3s. */
export async function rotateTokenCommand(
  session: Session,
  options: RotateOptions,
  operator: Operator,
): Promise<void> {
  const { stop } = operator;
  const { description, redactor, log } = session;
  const { fleet, members, tokens, turns, away } = await unlessStopped(stop, async () => {
    const tokens = await readTokens(description, redactor);
    checkSources(description, tokens);
    const fleet = await surveyed(session);
    const { members, away } = membersOf(fleet);
    return { fleet, members, tokens, away, turns: await planTokens(members, tokens) };
  });
  printTurns("token", [...turns, ...away], operator);
  const due = turns.filter(({ verdict }) => verdict === "due");
  if (due.length > 0) {
    await askToProceed(options, fleet, "Give these hosts the new token?", operator);
    await changing(session, fleet, [], stop, (lock) => {
      const inTurn = new Turns(fleet, options, lock, log, stop);
      return new TokenRotation(fleet, tokens, inTurn, lock, log).run(members, due);
    });
  }
  nameUnreachable(away);
}

/** `rotate encryption-keys`: a new key for the Secrets in etcd. */
export async function rotateEncryptionCommand(
  session: Session,
  options: RotateOptions,
  operator: Operator,
): Promise<void> {
  const { stop } = operator;
  const { description, log } = session;
  checkEncrypted(description);
  const { fleet, plan } = await unlessStopped(stop, async () => {
    const fleet = await surveyed(session);
    const { members, away } = membersOf(fleet);
    return { fleet, plan: await planEncryption(members, away) };
  });
  printTurns("encryption keys", plan.turns, operator);
  await askToProceed(options, fleet, "Encrypt all Secrets with a new key?", operator);
  await changing(session, fleet, [], stop, (lock) =>
    rotateEncryption(plan, new Turns(fleet, options, lock, log, stop), log),
  );
}

const printTurns = (what: string, turns: readonly Turn[], { print }: Operator): void =>
  print(formatTurns(what, turns), {
    rotation: what,
    hosts: turns.map(({ host, verdict, words }) => ({ host: host.name, verdict, words })),
  });

/** Hosts that are off are not done. @throws UserError `unreachable` */
function nameUnreachable(turns: readonly Turn[]): void {
  const names = turns.filter(({ verdict }) => verdict === "unreachable").map(({ host }) => host.name);
  if (names.length === 0) return;
  throw new UserError("unreachable", `Not done on ${names.join(", ")}, which did not answer`, {
    remedy: "run the same command again when they are back",
  });
}

/** Only the context of this cluster that `kubeconfig` has written, and only with the authority that is in it already. */
async function renewKubeconfig({ description, hosts, log }: Session): Promise<void> {
  const own = ownKubeconfig(description);
  if (own === undefined) return;
  const { path, name } = own;
  await log.step(
    "cluster",
    "renew your kubeconfig",
    async () => {
      const config = await fromAnyServer({ hosts }, (server) => fetchKubeconfig(server, name));
      return renewIn(path, config)
        ? path
        : `${path} was left: its entries are not as the command kubeconfig writes them`;
    },
    String,
  );
}
