import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../src/base/user-error";
import { planAsJson, formatApplied, formatManifests, manifestsAsJson } from "../../src/rollout/format";
import { conflictsOf } from "../../src/rollout/kubectl";
import { isManifestPending, manifestObjects, type ManifestPlan } from "../../src/rollout/manifests";
import { planHost } from "../../src/rollout/plan";
import { Redactor } from "../../src/rollout/secrets";
import { documentOf } from "../../src/cli/json-document";
import { ALPHARD, HAMAL, REFERENCE, temporaryFolder } from "../fixture";
import { schemaFaults } from "../json-schema";
import { context, described, hosts, hostState } from "./plan-context";

const SECRET = "planted-0b5e55ed";

const ref = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name });

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
  expect(formatManifests("unknown")).toEqual([
    "manifests: which objects change is known when the API answers",
  ]);
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
