/** When an apply of the whole cluster looks at manifests, asks about them and applies them. Hosts and the API are stand-ins. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { namingCluster } from "../../src/base/command-line";
import { UserError } from "../../src/base/user-error";
import { documentOf } from "../../src/cli/json-document";
import { applyCommand, reportManifests, type Operator } from "../../src/rollout/commands";
import { formatManifests } from "../../src/rollout/format";
import { Manifests, type ManifestPlan, type PlannedObject } from "../../src/rollout/manifests";
import { Session } from "../../src/rollout/session";
import { ALPHARD, HAMAL, REFERENCE, temporaryFolder } from "../fixture";
import { schemaFaults } from "../json-schema";
import { described, pathsIn } from "./plan-context";

let verdict: "changed" | "unchanged";

jest.mock("../../src/rollout/fleet", () => {
  const host = { name: "alphard", node: { role: "server" } };
  const fleet = { hosts: [{ host }], unreachable: [], nodes: [], kubernetes: {} };
  return {
    hostsOf: () => [],
    hostsSharingIdentity: () => [],
    survey: () => Promise.resolve(fleet),
    surveyWithClones: () => Promise.resolve(fleet),
    planFleet: () => Promise.resolve([{ host, verdict, faults: [], notes: [], changes: [] }]),
  };
});
jest.mock("../../src/rollout/identity", () => ({ identityFaults: () => [] }));
jest.mock("../../src/rollout/first-contact", () => ({
  askToPin: (_hosts: unknown, _trust: unknown, ask: (notice: string) => Promise<void>) => ask(""),
}));
jest.mock("../../src/rollout/nixpkgs", () => ({ leftBehind: () => [] }));
jest.mock("../../src/rollout/verify", () => ({
  isHealthy: () => true,
  verify: () => Promise.resolve({ nodes: [], faults: [] }),
}));
jest.mock("../../src/rollout/apply", () => ({
  Apply: class {
    public run = (): Promise<void> => Promise.resolve();
  },
}));
jest.mock("../../src/rollout/lock", () => ({
  Lock: { take: () => Promise.resolve({ release: () => Promise.resolve() }) },
}));

const OPTIONS: Parameters<typeof applyCommand>[2] = {
  addresses: new Map(),
  regenerateIdentity: false,
  rebuild: false,
  yes: false,
  boot: true,
  agentsAtOnce: 1,
  rebootsAtOnce: 1,
  drainSeconds: 1,
  forceBarePods: false,
  rebootSeconds: 1,
  resetHung: false,
  confirmSeconds: 1,
};

const object = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "a" };
const planOf = (its: PlannedObject["verdict"]): ManifestPlan => ({
  objects: [{ object, verdict: its }],
  left: [],
});

/** An apply for which the API says this of the manifests, at each look. */
async function applied(...looks: readonly (ManifestPlan | UserError)[]) {
  const own = temporaryFolder();
  writeFileSync(join(own, "token"), "planted-5ca1ab1e");
  writeFileSync(join(own, "a.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n");
  const files = looks.some((look) => "objects" in look && look.objects.length === 0)
    ? []
    : [join(own, "a.yaml")];
  const { folder } = described([ALPHARD, HAMAL], {
    rollout: { tokenPath: join(own, "token") },
    k3s: { ...REFERENCE.k3s, manifests: files },
  });
  const session = new Session(pathsIn(own, folder), () => undefined);
  const rest = [...looks];
  jest.spyOn(Manifests.prototype, "plan").mockImplementation(() => {
    const look = rest.length > 1 ? rest.shift() : rest[0];
    return look instanceof UserError ? Promise.reject(look) : Promise.resolve(look as ManifestPlan);
  });
  const apply = jest.spyOn(Manifests.prototype, "apply").mockResolvedValue();
  const questions: string[] = [];
  const printed: string[] = [];
  const operator: Operator = {
    print: (words) => printed.push(words),
    askForConsent: (question) => {
      questions.push(question);
      return question.includes("changed") && question.includes("Apply") && answer === "no"
        ? Promise.reject(new UserError("cancelled", "Cancelled"))
        : Promise.resolve();
    },
    stop: new AbortController().signal,
  };
  const error = await applyCommand(session, [], OPTIONS, operator).then(
    () => undefined,
    (thrown: unknown) => thrown as UserError,
  );
  session.stop();
  return { error, questions, printed: printed.join("\n"), isApplied: apply.mock.calls.length > 0 };
}

let answer: "yes" | "no";

beforeEach(() => {
  verdict = "changed";
  answer = "yes";
});
afterEach(() => jest.restoreAllMocks());

const HOSTS = "The hosts are rolled out; the manifests are not applied";

test("objects that were planned are applied after one question", async () => {
  const { error, questions, isApplied } = await applied(planOf("changed"));
  expect([error, isApplied]).toEqual([undefined, true]);
  expect(questions).toEqual(["Roll out to these hosts, and then apply the manifests?"]);
});

test("objects that change only after the rollout are listed and asked about", async () => {
  const { questions, isApplied } = await applied(planOf("unchanged"), planOf("changed"));
  expect(questions).toEqual([
    "Roll out to these hosts?",
    [...formatManifests(planOf("changed")), "Apply these objects?"].join("\n"),
  ]);
  expect(isApplied).toBe(true);
});

test("a no to these leaves them, and says that the hosts are rolled out", async () => {
  answer = "no";
  const { error, isApplied } = await applied(planOf("unchanged"), planOf("changed"));
  expect([error?.code, error?.message, isApplied]).toEqual(["cancelled", `Cancelled\n${HOSTS}`, false]);
});

test("what the API refuses before the rollout is refused, and after it has failed: hosts were changed", async () => {
  const refused = new UserError("refused", "The API does not take it");
  const before = await applied(refused);
  expect([before.error?.code, before.questions]).toEqual(["refused", []]);
  const after = await applied(planOf("changed"), refused);
  expect([after.error?.code, after.error?.message]).toEqual(["failed", `The API does not take it\n${HOSTS}`]);
});

test.each(["changed", "unchanged"] as const)(
  "an API that cannot say what changes keeps no apply from trying, with hosts that are %s",
  async (its) => {
    verdict = its;
    const { error, printed, isApplied } = await applied(new UserError("unavailable", "a webhook is down"));
    expect([error, isApplied]).toEqual([undefined, true]);
    expect(printed).toContain("manifests: the API does not say now which objects change");
  },
);

/** What is said after a command that applies none, where the API says this of the manifests. */
async function told(look: ManifestPlan | UserError): Promise<{ words: string; document: object }[]> {
  const own = temporaryFolder();
  writeFileSync(join(own, "a.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n");
  const { folder } = described([ALPHARD], { k3s: { ...REFERENCE.k3s, manifests: [join(own, "a.yaml")] } });
  const session = new Session(pathsIn(own, folder), () => undefined);
  jest
    .spyOn(Manifests.prototype, "plan")
    .mockImplementation(() => (look instanceof UserError ? Promise.reject(look) : Promise.resolve(look)));
  const printed: { words: string; document: object }[] = [];
  const operator = {
    print: (words: string, document: object) => printed.push({ words, document }),
    stop: new AbortController().signal,
  };
  const verified = { fleet: { nodes: [], kubernetes: {} } };
  await namingCluster("lab", () => reportManifests(session, verified as never, operator as never));
  session.stop();
  for (const { document } of printed)
    expect(schemaFaults("rollout#notAppliedManifests", documentOf("rollout", document))).toEqual([]);
  return printed;
}

const NEXT = "npm run rollout -- apply --cluster lab";

test("after a command that applies none, what an apply would change is told with its command", async () => {
  const [{ words, document } = { words: "", document: {} }] = await told(planOf("changed"));
  expect(words).toBe(
    `\nmanifests: 1 of 1 objects\n  ConfigMap default/a: changed\nNothing of this is applied here. To apply it: ${NEXT}`,
  );
  expect(document).toMatchObject({ notApplied: { manifests: { left: [] }, next: NEXT } });
  expect(await told(planOf("unchanged"))).toEqual([]);
});

test("which has succeeded also where the API would not take them, or cannot say", async () => {
  const refused = "The API does not take what 'k3s.manifests' has";
  expect(await told(new UserError("refused", refused))).toEqual([
    {
      words: `\n${refused}\nNothing of this is applied here. To apply it: ${NEXT}`,
      document: { notApplied: { problem: refused, next: NEXT } },
    },
  ]);
  const [unknown] = await told(new UserError("unavailable", "a webhook is down"));
  expect(unknown?.words).toContain("manifests: the API does not say now which objects change");
  const noKind = 'no matches for kind "ClusterIssuer"';
  for (const code of ["failed", "unreachable", "connection lost"] as const)
    expect(await told(new UserError(code, noKind))).toMatchObject([
      { document: { notApplied: { problem: noKind } } },
    ]);
  await expect(told(new UserError("interrupted", "Interrupted"))).rejects.toThrow("Interrupted");
});

test("what was applied is named also when no file is left", async () => {
  const { printed, isApplied } = await applied({ objects: [], left: [object] });
  expect(printed).toContain("ConfigMap default/a is in no manifest any more");
  expect(isApplied).toBe(false);
});
