/**
 * The program of a drill by itself, in a shell of this machine. Stand-ins: what restores in namespaces, and K3s, which both say what a test
 * wants. `../system/kubernetes/aside.test.ts` restores.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { remoteScript } from "../../src/render/remote-script";
import { drillResultsIn } from "../../src/rollout/drill-results";
import { Report } from "../../src/rollout/script";
import { temporaryFolder } from "../fixture";

const RESTORED = "printf '@restored_seconds 3\\n@ready_seconds 4\\n@uid u1\\n@object Node  alphard 12\\n'";

interface Bed {
  readonly snapshot?: string;
  readonly token?: string;
  /** Texts of programs, by their names. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** Runs it once. @returns what is recorded, as a verification reads it */
function drilled({ snapshot = "etcd-snapshot-1", token = "token", programs = {} }: Bed) {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  for (const name of ["bin", "snapshots", "results"]) mkdirSync(at(name));
  writeFileSync(at(`snapshots/${snapshot}`), "snapshot");
  if (token !== "") writeFileSync(at("token"), token);
  // K3s does not answer.
  const all = { unshare: RESTORED, k3s: "exit 1", ...programs };
  for (const [name, text] of Object.entries(all))
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\ncd ${folder}\n${text}\n`, { mode: 0o755 });
  const variables = {
    folder: at("results"),
    snapshots: at("snapshots"),
    token_file: at("token"),
    node: "alphard",
    memory_mib: 1,
    program: "",
  };
  const { status, stderr } = spawnSync("sh", ["-s"], {
    input: remoteScript("drill-newest", variables),
    encoding: "utf8",
    env: { ...process.env, PATH: `${at("bin")}:${process.env.PATH}` },
    timeout: 20_000,
  });
  const record = (name: string): string =>
    existsSync(at(`results/${name}`)) ? `@${name} ${readFileSync(at(`results/${name}`), "base64")}\n` : "";
  return { status, stderr, at, results: drillResultsIn(new Report(record("last") + record("success"))) };
}

test("a snapshot of any name is recorded so that a verification reads it", () => {
  const { results } = drilled({ snapshot: `by hand\u00e9 $(id)'${"x".repeat(230)}` });
  expect(results).toMatchObject({
    isUnreadable: false,
    last: { result: "succeeded", rto: 7, snapshot: `by_hand_____id__${"x".repeat(230)}` },
    success: { result: "succeeded" },
  });
});

test("an unreadable token, and a snapshot that K3s removes meanwhile, are recorded by name", () => {
  const { results, at } = drilled({ token: "" });
  expect(results.last).toMatchObject({ result: "no-token", reason: `${at("token")} cannot be read` });
  const gone = drilled({ programs: { find: "echo 1700000000.0 etcd-snapshot-0" } });
  expect(gone.results.last).toMatchObject({ result: "no-snapshot", reason: "it is gone" });
  const later = drilled({ programs: { sed: 'rm -f snapshots/*; exec /bin/sed "$@"' } });
  expect(later.results.last).toMatchObject({
    result: "no-snapshot",
    reason: expect.stringContaining("it cannot be copied: cp: "),
  });
});

test("an API that hangs does not keep a drill from its success", () => {
  const { status, results, at } = drilled({
    programs: {
      k3s: "exec sleep 1000",
      timeout: 'cp results/last during; echo "$1 $2 $3" >>asked; exit 124',
    },
  });
  expect([status, results.last?.result, results.success?.result]).toEqual([0, "succeeded", "succeeded"]);
  expect(readFileSync(at("asked"), "utf8")).toMatch(/^(60 k3s kubectl\n)+$/);
  expect(readFileSync(at("during"), "utf8")).toContain("\nresult succeeded\n");
});
