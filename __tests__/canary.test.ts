/** A secret that is planted where secrets are kept must not appear in any file or output of a synth. */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtCode } from "../testbed/package/built";
import { EXAMPLE_KEYS, REPOSITORY, temporaryFolder } from "./fixture";

const SECRET = "K10c0ffeec0ffeec0ffee::server:5ca1ab1e5ca1ab1e";

/** Synthesizes `main.ts`, changed by the test, in a folder of its own; returns where the secret is found. */
function leaks(change: (main: string) => string = (main) => main): string[] {
  const folder = temporaryFolder();
  copyFileSync(EXAMPLE_KEYS, join(folder, "authorized_keys"));
  cpSync(join(REPOSITORY, "k8s"), join(folder, "k8s"), { recursive: true });
  const built = builtCode();
  const main = readFileSync(join(REPOSITORY, "main.ts"), "utf8")
    .replace('from "./constructs"', `from "${built}"`)
    .replace('from "cdktf"', `from "${REPOSITORY}/node_modules/cdktf"`);
  writeFileSync(join(folder, "main.ts"), change(main));
  const env = { ...process.env, PROXMOX_VE_API_TOKEN: SECRET, TF_VAR_token: SECRET, K3S_TOKEN: SECRET };
  const { stdout, stderr } = spawnSync(process.execPath, [join(built, "app.js")], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "main.ts")
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length + stderr.length).toBeGreaterThan(1);
  const texts = new Map(files.map((file) => [file.slice(folder.length + 1), readFileSync(file, "utf8")]));
  texts.set("what is printed", stdout + stderr);
  return [...texts].filter(([, text]) => text.includes("5ca1ab1e")).map(([name]) => name);
}

test("credentials in the environment get into no file and no output", () => {
  expect(leaks()).toEqual([]);
});

test.each<[string, (main: string) => string]>([
  ["where its path belongs", (main) => main.replace("/var/lib/k3s-secrets/token", SECRET)],
  [
    "where the path of the S3 credentials belongs",
    (main) =>
      main.replace(
        "traefik: true,",
        `traefik: true, snapshots: { s3: { endpoint: "s3.example.org", bucket: "etcd", secretFile: "${SECRET}" } },`,
      ),
  ],
  [
    "in a flag",
    (main) => main.replace("traefik: true,", `traefik: true, serverFlags: ["--token=${SECRET}"],`),
  ],
])("a join token %s gets into no file and no output", (_, change) => {
  expect(leaks(change)).toEqual([]);
});

test("the canary sings: a secret that does get out is found, in files and JSON alike", () => {
  const found = leaks((main) => main.replace("# K3s Agent 1", SECRET));
  expect(found.sort()).toEqual(["cdktf.out/stacks/k3s/cdk.tf.json", "nix/README.md", "nix/cluster.json"]);
});
