import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../src/base/user-error";
import { readManifests } from "../../src/emit/kubernetes-manifests";
import { planAsJson, formatApplied, formatManifests, manifestsAsJson } from "../../src/rollout/format";
import { conflictsOf } from "../../src/rollout/kubectl";
import {
  isManifestPending,
  isMorePending,
  manifestObjects,
  Manifests,
  type ManifestPlan,
} from "../../src/rollout/manifests";
import { planHost } from "../../src/rollout/plan";
import { Report } from "../../src/rollout/script";
import { Redactor } from "../../src/rollout/secrets";
import { documentOf } from "../../src/cli/json-document";
import { ALPHARD, HAMAL, REFERENCE, temporaryFolder } from "../fixture";
import { schemaFaults } from "../json-schema";
import { context, described, hosts, hostState } from "./plan-context";

const SECRET = "planted-0b5e55ed";

const ref = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name });

const CONFIG_MAP = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n";

/** What kubectl prints, or its failure while the API is ready. */
type Said = string | { readonly stderr: string };

/** A server whose kubectl says this. */
function apiThat(say: (words: string, input: string) => Said) {
  const host = {
    name: "alphard",
    call: (_: string, { commands, input }: Record<"commands" | "input", string>): Report => {
      const lines: string[] = [];
      for (const command of commands.split("\n")) {
        const said = say(command, input);
        const [name, text] = typeof said === "string" ? ["output", said] : ["stderr", said.stderr];
        lines.push(`@${name} ${Buffer.from(text).toString("base64")}`);
        if (name === "stderr") return new Report(["@status 1", "@api ready", ...lines].join("\n"));
      }
      return new Report(lines.join("\n"));
    },
  };
  const kubernetes = { ask: (question: (...of: unknown[]) => unknown) => question(host, 60) };
  const manifests = (text: string): Manifests => {
    const file = join(temporaryFolder(), "objects.yaml");
    writeFileSync(file, text);
    return new Manifests(kubernetes as never, readManifests(text === "" ? [] : [file]).objects);
  };
  return { manifests };
}

const PLAN: ManifestPlan = {
  objects: [
    { object: ref("a"), verdict: "new" },
    { object: ref("b"), verdict: "changed" },
    { object: ref("c"), verdict: "unchanged" },
  ],
  left: [ref("d")],
};

test("a plan says what changes, and what no manifest has any more", () => {
  expect(formatManifests(PLAN)).toEqual([
    "manifests: 2 of 3 objects",
    "  ConfigMap default/a: new",
    "  ConfigMap default/b: changed",
    "  - ConfigMap default/d is in no manifest any more, and stays: delete it with kubectl",
  ]);
  expect(formatManifests({ objects: PLAN.objects.slice(2), left: [] })).toEqual(["manifests: unchanged"]);
  expect(formatManifests("unknown")).toEqual(["manifests: the API does not say now which objects change"]);
  expect(formatManifests(undefined)).toEqual([]);
  expect(formatApplied(PLAN)).toBe(
    "Applied the manifests:\n  ConfigMap default/a: new\n  ConfigMap default/b: changed",
  );
});

test("is pending while something changes, or nobody knows", () => {
  expect(
    [PLAN, "unknown", undefined, { ...PLAN, objects: [] }].map((each) => isManifestPending(each as never)),
  ).toEqual([true, true, false, false]);
});

test("more is pending where an object changes that did not change before, or nobody knows", () => {
  const unchanged = { ...PLAN, objects: PLAN.objects.slice(2) };
  const more = { ...PLAN, objects: [{ object: ref("c"), verdict: "changed" as const }] };
  expect(
    (
      [
        [PLAN, PLAN],
        [PLAN, unchanged],
        ["unknown", PLAN],
        [PLAN, "unknown"],
        [unchanged, PLAN],
        [PLAN, more],
        [unchanged, "unknown"],
      ] as const
    ).map(([earlier, now]) => isMorePending(earlier, now)),
  ).toEqual([false, false, false, false, true, true, true]);
});

test("as JSON it is of its schema", () => {
  expect(
    schemaFaults("rollout#plan", documentOf("rollout", { ...planAsJson([], []), ...manifestsAsJson(PLAN) })),
  ).toEqual([]);
  expect(schemaFaults("rollout#appliedManifests", documentOf("rollout", manifestsAsJson(PLAN)))).toEqual([]);
});

test("an object's name from a cluster that was taken over cannot draw on the terminal", () => {
  const [, line = ""] = formatManifests({
    objects: [{ object: ref("a\u001b[2J\nb"), verdict: "new" }],
    left: [],
  });
  expect(line).toBe("  ConfigMap default/a\ufffd[2J\ufffdb: new");
});

const COMPLAINTS = [
  'Error from server: failed to create typed patch object (/a; /v1, Kind=Secret): .stringData.key: expected string, got &value.valueUnstructured{Value:"VALUE"}',
  'Error from server (InternalError): Internal error occurred: failed calling webhook "x": VALUE',
  'Error from server (BadRequest): Secret in version "v1" cannot be handled: VALUE',
];

test.each(COMPLAINTS)("the API's words about a Secret are not shown: %s", async (complaint) => {
  const text = `---\napiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { key: "${SECRET}" }\n`;
  const api = apiThat((words, input) =>
    words.startsWith("apply") && input.includes(SECRET) ? { stderr: complaint.replace("VALUE", SECRET) } : "",
  );
  const planned = api.manifests(`${text}${CONFIG_MAP}`).plan();
  await expect(planned).rejects.toThrow("the API's words are not shown, since they may contain the secret");
  const said = String(await planned.catch((error: unknown) => error));
  expect(said).not.toContain(SECRET);
});

test("an object that is not of its schema is refused by the API, and not tried again", async () => {
  const [stderr = ""] = COMPLAINTS;
  const api = apiThat((words) => (words.startsWith("apply") ? { stderr } : ""));
  await expect(api.manifests(CONFIG_MAP).plan()).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining(
      "ConfigMap b: kubectl apply --server-side on alphard: Error from server: failed to create typed",
    ) as string,
  });
});

/** An API with a note of these, that says this of any other object, and takes what is applied. */
function apiWithNote(note: string, ofObjects: Said = "") {
  const sent: { words: string; input: string }[] = [];
  const api = apiThat((words, input) => {
    sent.push({ words, input });
    if (words.startsWith("get configmap k3s-rollout-manifests")) return note;
    if (words.startsWith("get -f")) return ofObjects;
    return "";
  });
  return { ...api, sent };
}

const noted = (...names: string[]): string => JSON.stringify(names.map(ref));

test("what was applied is named when no file is left, and the API is asked about nothing else", async () => {
  const { manifests, sent } = apiWithNote(
    noted("d"),
    JSON.stringify({ ...ref("d"), metadata: { name: "d" } }),
  );
  expect(await manifests("").plan()).toEqual({ objects: [], left: [ref("d")] });
  expect(sent.map(({ words }) => words.split(" ").slice(0, 2).join(" "))).toEqual([
    "get configmap",
    "get -f",
  ]);
});

test("an apply first notes its objects, and those that the note has by then", async () => {
  const { manifests, sent } = apiWithNote(
    noted("d"),
    JSON.stringify({ ...ref("d"), metadata: { name: "d" } }),
  );
  await manifests(CONFIG_MAP).apply();
  const [note, own] = sent.filter(({ words }) => words.startsWith("apply"));
  expect(note?.input).toMatch(/"k3s-rollout-manifests".*\\"name\\":\\"b\\".*\\"name\\":\\"d\\"/);
  expect(own).toEqual({
    words: expect.stringMatching(/^apply [^]*-f - -o name /) as string,
    input: expect.stringContaining("name: b") as string,
  });
});

test.each(["no JSON", '[{"name":"a"}]', noted(...Array.from({ length: 2001 }, (_, index) => `n${index}`))])(
  "a note that no rollout wrote is not written over: %#",
  async (note) => {
    const { manifests, sent } = apiWithNote(note);
    const invalid = { code: "invalid", message: expect.stringContaining("k3s-rollout-manifests") as string };
    await expect(manifests(CONFIG_MAP).apply()).rejects.toMatchObject(invalid);
    await expect(manifests("").plan()).rejects.toMatchObject(invalid);
    expect(sent.filter(({ words }) => words.startsWith("apply"))).toEqual([]);
  },
);

test.each<[number, string]>([
  [0, ""],
  [
    0,
    'error: resource mapping not found for name: "d" namespace: "" from "STDIN": no matches for kind "Pool" in version "example.org/v1"\nensure CRDs are installed first',
  ],
  [0, "Error from server (NotFound): the server could not find the requested resource"],
  [1, "Error from server (Forbidden): configmaps is forbidden"],
  [1, "Error from server (InternalError): conversion webhook for example.org/v1, Kind=Pool failed"],
])("%i of the objects is still there when the API says: %s", async (count, stderr) => {
  const { manifests } = apiWithNote(noted("d"), stderr === "" ? "" : { stderr });
  expect((await manifests("").plan()).left).toHaveLength(count);
});

test("what was applied is looked for in one question, and where the API knows one's kind no more, in one for each", async () => {
  const objects = (input: string): { kind: string; metadata: { name: string } }[] =>
    input
      .split("---\n")
      .filter(Boolean)
      .map((text) => JSON.parse(text));
  const asked: number[] = [];
  const { manifests } = apiThat((words, input) => {
    if (!words.startsWith("get -f"))
      return JSON.stringify([ref("a"), ref("b"), ref("c"), { ...ref("d"), apiVersion, kind: "Pool" }]);
    asked.push(objects(input).length);
    if (hasPools || objects(input).every(({ kind }) => kind !== "Pool"))
      return JSON.stringify({
        kind: "List",
        items: objects(input).filter(({ metadata }) => metadata.name !== "b"),
      });
    return {
      stderr: `error: resource mapping not found: no matches for kind "Pool" in version "${apiVersion}"`,
    };
  });
  const apiVersion = "example.org/v1";
  let hasPools = true;
  const left = async (): Promise<string[]> => (await manifests("").plan()).left.map(({ name }) => name);
  expect([await left(), asked.splice(0)]).toEqual([["a", "c", "d"], [4]]);
  hasPools = false;
  expect([await left(), asked]).toEqual([
    ["a", "c"],
    [4, 1, 1, 1, 1],
  ]);
});

test("an object of a kind without namespaces that states one is found, and left out once it is gone", async () => {
  const stated = { apiVersion: "rbac/v1", kind: "ClusterRole", namespace: "x", name: "r" };
  let shown = [stated];
  const { manifests } = apiThat((words) =>
    words.startsWith("get -f")
      ? JSON.stringify({
          kind: "List",
          items: shown.map(({ apiVersion, kind, name }) => ({ apiVersion, kind, metadata: { name } })),
        })
      : JSON.stringify([stated]),
  );
  expect((await manifests("").plan()).left).toEqual([stated]);
  shown = [];
  expect((await manifests("").plan()).left).toEqual([]);
});

test("an apply that the API refuses has failed, since it may have changed something", async () => {
  const stderr = 'Error from server (Invalid): ConfigMap "b" is invalid';
  const { manifests } = apiThat((words, input) =>
    words.startsWith("apply") && input.includes("name: b") ? { stderr } : "",
  );
  await expect(manifests(CONFIG_MAP).apply()).rejects.toMatchObject({
    code: "failed",
    message: expect.stringMatching(/ConfigMap b: .*is invalid\nOthers may be applied$/) as string,
  });
});

test("secrets in manifests are blanked, and a faulty file is told without its text", () => {
  const folder = temporaryFolder();
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const secret = put(
    "a.yaml",
    `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { key: ${SECRET}, short: x }\n`,
  );
  const redactor = new Redactor();
  const read = (...manifests: string[]) =>
    manifestObjects({ k3s: { ...REFERENCE.k3s, manifests } as never }, redactor);
  expect(read(secret)).toHaveLength(1);
  expect(redactor.redact(`an x, ${SECRET} and ${Buffer.from(SECRET).toString("base64")}`)).toBe(
    "an x, [blanked] and [blanked]",
  );
  const faulty = put("b.yaml", `a: "${SECRET}`);
  expect(() => read(faulty, `${folder}/c.yaml`)).toThrow(
    /b\.yaml is no YAML at line 1[^]*c\.yaml is not there/,
  );
});

/** As kubectl v1.34 prints them. */
test.each([
  [
    'error: Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas\nPlease review the fields above--they currently have other managers.',
    [".spec.replicas, of kubectl-edit"],
  ],
  [
    'error: Apply failed with 2 conflicts: conflicts with "helm" using v1:\n- .data.a\n- .data.b\nPlease review',
    [".data.a, of helm", ".data.b, of helm"],
  ],
  ['Error from server (NotFound): namespaces "x" not found', []],
])("conflicts are read from %j", (stderr, conflicts) => {
  expect(conflictsOf(new UserError("failed", stderr))).toEqual(conflicts);
});

describe("a local.nix with services.k3s.manifests", () => {
  function notes(localNix: string, host = "alphard"): string[] {
    const description = described([ALPHARD, HAMAL]);
    const { directory } = description.nodes.find(({ hostname }) => hostname === host) ?? { directory: "" };
    writeFileSync(join(description.folder, directory, "local.nix"), localNix);
    const all = hosts(description);
    const states = all.map((each) => hostState(each));
    const state = states.find((each) => each.host.name === host);
    return state === undefined
      ? []
      : planHost(state, context(states)).notes.filter((note) => note.includes("k3s"));
  }

  test.each([
    "{ services.k3s.manifests.metallb.source = ./metallb.yaml; }",
    "{\n  services.k3s = {\n    autoDeployCharts.traefik = { };\n  };\n}",
  ])("is warned of, since K3s ignores updates there: %j", (text) => {
    expect(notes(text)).toEqual([
      "local.nix has manifests in services.k3s: K3s up to 1.36.4 does not notice their updates there; state them as 'k3s.manifests' in main.ts",
    ]);
  });

  test.each([
    "{ }",
    "# services.k3s.manifests = { };\n{ }",
    "{ services.k3s.gracefulNodeShutdown.enable = true; }",
  ])("is not seen in %j", (text) => {
    expect(notes(text)).toEqual([]);
  });
});
