/** ShellCheck on what runs on hosts, as it is sent to them. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { remoteScript, text } from "../../src/render/remote-script";
import { REPOSITORY } from "../fixture";
import { cluster, disksWith, emitted } from "./clusters";
import { describeWith, SHELLCHECK } from "./tools";

const EXCLUDED = [
  "SC1091", // /etc/set-environment is a file of the host
  "SC2119", // a part of a program uses the arguments
  "SC2120", // that another part has set
  "SC2034", // prelude.sh sets variables that only some programs use
  "SC2154", // variables are set in lines that `remoteScript` puts before the program
];

/** Programs that run without the prelude. */
const LEFT_ON_THE_HOST = new Set(["revert", "trial-revert"]);

const PROGRAMS = readdirSync(join(REPOSITORY, "src", "rollout", "remote"))
  .map((file) => file.replace(".sh", ""))
  .filter((name) => name !== "prelude");

function findings(script: string): string {
  const args = ["--shell=sh", "--format=gcc", `--exclude=${EXCLUDED.join()}`, "-"];
  const { stdout, stderr } = spawnSync("shellcheck", args, { input: script, encoding: "utf8" });
  return stdout + stderr;
}

describeWith([SHELLCHECK], "what runs on hosts", () => {
  test.each(PROGRAMS)("passes ShellCheck: %s", (name) => {
    expect(findings(LEFT_ON_THE_HOST.has(name) ? text(`${name}.sh`) : remoteScript(name))).toBe("");
  });

  test("passes ShellCheck: format-disk, which is emitted", () => {
    const model = cluster({ agents: 0, server: [{ disks: disksWith({ path: "/srv/data" }) }] });
    expect(findings(emitted(model).get("k3s-server-1/format-disk.sh") as string)).toBe("");
  });

  test("passes ShellCheck: monitoring, which is emitted", () => {
    const k3s = { snapshots: { drill: {} } };
    const model = cluster({ agents: 0, k3s, nixos: { monitoring: { from: ["10.0.0.0/24"] } } });
    expect(findings(emitted(model).get("k3s-server-1/monitoring.sh") as string)).toBe("");
  });

  test.each(["drill", "drill-aside"])("passes ShellCheck: %s, which is emitted", (name) => {
    const model = cluster({ agents: 0, k3s: { snapshots: { drill: {} } } });
    expect(findings(emitted(model).get(`k3s-server-1/${name}.sh`) as string)).toBe("");
  });

  test("fails ShellCheck when a variable is not quoted", () => {
    expect(findings('rm -f $1/"lock"\n')).toContain("SC2086");
  });
});
