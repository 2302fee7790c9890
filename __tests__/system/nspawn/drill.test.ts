/**
 * The unit of a drill under a real systemd, which ends it in the middle and holds it to the emitted limits. Debian's systemd and shell stand
 * for NixOS', and a script that never ends for K3s: `../kubernetes/aside.test.ts` restores.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { container } from "../../../testbed/nspawn/container";
import { REPOSITORY } from "../../fixture";
import { cluster, emitted, newFolder, write } from "../clusters";
import { configured } from "../configured";
import { describeWith, NIX } from "../tools";
import { CONTAINERS } from "./tools";

const MODEL = cluster({ agents: 0, k3s: { snapshots: { drill: {} } } });
const UNIT = "systemd.services.k3s-rollout-drill.";
const CONFIG = `${UNIT}serviceConfig.`;

const word = (value: unknown): string =>
  typeof value === "boolean" ? (value ? "yes" : "no") : String(value);

describeWith([...CONTAINERS, NIX], "the unit of a drill, under systemd", () => {
  const folder = newFolder();
  let options: Readonly<Record<string, unknown>>;
  const [node] = MODEL.nodes;

  beforeAll(async () => {
    options = (await configured(MODEL))[node?.id as string]?.options ?? {};
    write(join(folder, "nix"), emitted(MODEL));
    mkdirSync(join(folder, "root"));
    const directives = Object.entries(options).flatMap(([option, value]) =>
      option.startsWith(CONFIG) ? [`${option.slice(CONFIG.length)}=${word(value)}`] : [],
    );
    const unit = join(folder, "k3s-rollout-drill.service");
    const exec = "ExecStart=/bin/bash -e /host/drill.sh /host/drill-aside.sh";
    const path = "Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    const text = ["[Service]", path, ...directives, exec, ""].join("\n");
    writeFileSync(unit, text.replace("/nix/store/coreutils/bin/", "/bin/"));
    const rules = join(folder, "rules");
    writeFileSync(rules, `${(options["systemd.tmpfiles.rules"] as string[]).join("\n")}\n`);
    const { base = "" } = container() ?? {};
    const host = join(folder, "nix", node?.directory as string);
    const program = join(REPOSITORY, "testbed/nspawn/drill.sh");
    execFileSync("timeout", ["60", "unshare", "-m", program, folder, host, unit, rules, base], {
      stdio: "inherit",
    });
  }, 90_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const seen = (name: string): string => readFileSync(join(folder, name), "utf8");

  test("leaves nothing of the restore behind when it is killed, and says that it did not end", () => {
    expect(seen("during")).toBe("token\n");
    expect(seen("after")).toBe("last\nseen\nsince\n0\n");
    expect(seen("said")).toMatch(
      /^begun \d+\nsnapshot etcd-snapshot-1\ntaken \d+\nrto 0\nresult unfinished\n/,
    );
  });

  test("makes its folder where that is gone, for root alone", () => {
    expect(seen("mode")).toBe("700\n");
  });

  test("can write neither K3s' data nor its configuration, and sees no network of the host", () => {
    expect(seen("said")).toMatch(
      new RegExp(
        [
          "may not write /var/lib/rancher/k3s/server/token",
          "may not write /etc/rancher/k3s.yaml",
          "may not write /root/token",
          "writes /var/lib/k3s-rollout-drill/aside/own",
          "reads /root/token",
          "has lo",
          "has ens18",
          "",
        ].join("\n"),
      ),
    );
  });

  test("starts at a time that systemd understands", () => {
    const calendar = options[`${UNIT}startAt`] as string;
    const words = ["calendar", "--base-time=2027-01-31 12:00:00 UTC", calendar];
    const said = execFileSync("systemd-analyze", words, {
      encoding: "utf8",
      env: { ...process.env, TZ: "UTC" },
    });
    expect(said).toMatch(/Next elapse: Mon 2027-02-01 03:30:00 UTC/);
  });
});
