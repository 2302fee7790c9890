/**
 * The emitted alerts turn red when a host is really broken, and only then: the emitted program runs on a host of
 * `testbed/monitoring/host.sh`, the real node_exporter serves what it wrote, and promtool judges what that answered.
 *
 * Stand-ins: systemctl; the links below /run by which NixOS names the booted and the current system; the timer, by a time of writing that
 * goes on; the clock, which no namespace can put off, so its two metrics keep their names and labels and get other values. Time
 * after the answer is promtool's: a value stays, as it would on a host that nobody repairs.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "../../testbed/namespaces/unshare";
import { builtProgram } from "../../testbed/build/programs";
import { REPOSITORY } from "../fixture";
import { cluster, emitted, newFolder, write } from "./clusters";
import { built, CURL, describeWith, NETWORK_NAMESPACES, NFT, OPENSSL, ownNetwork, VMALERT } from "./tools";

// The limit is longer than any other time that passes here.
const MODEL = cluster({
  servers: 3,
  k3s: { snapshots: { maxAgeHours: 36, drill: { maxAgeDays: 35 } } },
  nixos: { monitoring: { from: ["192.168.50.0/24"] } },
});
const [SERVER] = MODEL.nodes;

/** How the host was broken, what is red then, and how long after, where that is not a quarter of an hour. */
const BROKEN: readonly [way: string, alert: string, after?: string][] = [
  ["rule-added", "K3sHostRulesetChanged"],
  ["rule-deleted", "K3sHostRulesetChanged"],
  ["element-added", "K3sHostRulesetChanged"],
  ["table-deleted", "K3sHostRulesetChanged"],
  ["forged-packets", "K3sHostForgedPackets", "5m"],
  ["k3s-inactive", "K3sHostK3sDown"],
  ["k3s-failed", "K3sHostK3sDown"],
  ["k3s-activating", "K3sHostK3sDown"],
  ["certificate-expires", "K3sHostCertificateExpires"],
  ["certificate-of-the-api-expires", "K3sHostCertificateExpires"],
  ["ca-expires", "K3sHostCaExpires"],
  ["snapshot-old", "K3sHostSnapshotOld"],
  ["snapshot-unfinished", "K3sHostSnapshotMissing", "37h"],
  ["drill-failed", "K3sHostDrillFailed", "3h"],
  ["drill-unfinished", "K3sHostDrillFailed", "3h"],
  ["drill-old", "K3sHostDrillOld"],
  ["drill-never", "K3sHostDrillOld"],
  ["drill-unknown", "K3sHostDrillUnknown"],
  ["disk-full", "K3sHostDiskFull"],
  ["inodes-full", "K3sHostInodesFull"],
  ["reboot-needed", "K3sHostRebootNeeded", "25h"],
  ["facts-old", "K3sHostFactsOld"],
  ["facts-missing", "K3sHostFactsMissing"],
  ["host-down", "K3sHostDown"],
  ["member-missing", "K3sHostEtcdMemberMissing"],
  ["etcd-large", "K3sHostEtcdLarge"],
];
const HEALTHY = ["healthy", "snapshot-newer", "drill-new", "certificate-left-over", "agent"];

type Samples = ReadonlyMap<string, number>;

/** Values by name and labels, in the text format of Prometheus. */
const samplesIn = (text: string): Map<string, number> =>
  new Map(
    [...text.matchAll(/^([a-z_]\w*(?:\{.*\})?) (\S+)$/gm)].map(([, series = "", value]) => [
      series,
      Number(value),
    ]),
  );

/** The series as Prometheus stores it, with the labels of its target. */
const stored = (series: string, labels: string): string =>
  series.endsWith("}") ? `${series.slice(0, -1)},${labels}}` : `${series}{${labels}}`;

const MINUTES_BEFORE = 30;
const MINUTES_AFTER = 38 * 60;
/** In seconds before the answer. */
const WRITTEN = 20;

/** A series of one value a minute: half an hour healthy, then broken. Values that are not there are missing or stale. */
function values(series: string, before: number | undefined, after: number | undefined, time: number): string {
  const start = time - MINUTES_BEFORE * 60;
  if (series.startsWith("node_textfile_mtime_seconds") && before !== undefined) {
    const first = `${start - WRITTEN}+60x${MINUTES_BEFORE - 1}`;
    if (after === undefined) return `${first} stale`;
    const runs = after > time - 120;
    return `${first} ${runs ? `${time - WRITTEN}+60` : after}x${MINUTES_AFTER}`;
  }
  const first = before === undefined ? `_x${MINUTES_BEFORE}` : `${before}x${MINUTES_BEFORE - 1}`;
  return `${first} ${after === undefined ? "stale" : `${after}x${MINUTES_AFTER}`}`;
}

describeWith(
  [
    NFT,
    NETWORK_NAMESPACES,
    OPENSSL,
    CURL,
    built("monitoring", "node_exporter"),
    built("monitoring", "promtool"),
    built("kubernetes", "etcd"),
  ],
  "the metrics of a host",
  () => {
    const folder = newFolder();
    const files = emitted(MODEL);
    const program = (module: string, name: string): string => builtProgram(module, name) as string;
    const promtool = (...words: string[]) =>
      spawnSync(program("monitoring", "promtool"), words, { encoding: "utf8" });
    const answers = new Map<
      string,
      { readonly samples: Samples; readonly text: string; readonly time: number }
    >();

    /** The labels that the emitted files give to the host's series. */
    const labels = (): string => {
      const targets = files.get("monitoring/targets.yaml") ?? "";
      const [, own = ""] = new RegExp(`"${SERVER?.ipv4Address}:9100"]\n  labels: {(.*)}`).exec(targets) ?? [];
      const [, job = ""] = /job_name: (.*)/.exec(files.get("monitoring/prometheus.yaml") ?? "") ?? [];
      return [...own.split(","), `job: "${job}"`].map((label) => label.trim().replace(": ", "=")).join(",");
    };

    /** What promtool is fed with: a host that is healthy for half an hour, and then as it answered. */
    function series(way: string, clock: Readonly<Record<string, number>> = {}) {
      const { samples: after, time } = answer(way);
      const { samples: before } = answer("healthy");
      const used = /^(k3s_host_|node_textfile_|node_timex_|node_(cpu_seconds|memory_Mem|disk_io_time))/;
      const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => used.test(name));
      const steady: Readonly<Record<string, number>> = {
        node_timex_sync_status: 1,
        node_timex_offset_seconds: 0.001,
      };
      const input = names.map((name) => ({
        series: stored(name, labels()),
        values: values(
          name,
          steady[name] ?? before.get(name),
          after.has(name) ? (clock[name] ?? steady[name] ?? after.get(name)) : undefined,
          time,
        ),
      }));
      const up = { series: stored("up", labels()), values: values("up", 1, after.size > 0 ? 1 : 0, time) };
      return { start_timestamp: time - MINUTES_BEFORE * 60, interval: "1m", input_series: [up, ...input] };
    }

    const answer = (way: string) => {
      const known = answers.get(way);
      if (known === undefined) throw new Error(`the host did not get as far as ${way}`);
      return known;
    };

    const red = "group by (alertname) (ALERTS{alertstate='firing'})";
    const firing = (alerts: readonly string[], eval_time: string) => ({
      expr: red,
      eval_time,
      exp_samples: alerts.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
    });

    function judged(tests: object): string {
      const file = join(folder, "judge.yaml");
      const rule_files = [join(folder, "nix/monitoring/alerts.yaml")];
      writeFileSync(file, JSON.stringify({ rule_files, evaluation_interval: "1m", tests: [tests] }));
      const { stdout, stderr } = promtool("test", "rules", file);
      return `${stdout}${stderr}`.replaceAll(file, "").trim();
    }
    const PASSED = "SUCCESS";

    beforeAll(() => {
      write(join(folder, "nix"), files);
      const host = join(folder, "nix", SERVER?.directory as string);
      const words = [folder, host, program("kubernetes", "etcd"), program("monitoring", "node_exporter")];
      const bed = join(REPOSITORY, "testbed/monitoring/host.sh");
      execFileSync("timeout", ["-s", "TERM", "150", ...(ownNetwork() ?? []), "-m", bed, ...words], {
        env: environment,
        stdio: "inherit",
      });
      for (const way of [...HEALTHY, ...BROKEN.map(([name]) => name)]) {
        const text = readFileSync(join(folder, `${way}.prom`), "utf8");
        const time = Number(readFileSync(join(folder, `${way}.time`), "utf8"));
        answers.set(way, { samples: samplesIn(text), text, time });
      }
    }, 180_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(HEALTHY)("no alert is red on a host that is well: %s", (way) => {
      expect(judged({ ...series(way), promql_expr_test: [firing([], "50m"), firing([], "26h")] })).toContain(
        PASSED,
      );
    });

    test.each(BROKEN)("%s: %s is red then, and nothing else", (way, alert, after = "15m") => {
      const minutes = after.endsWith("h") ? 60 * parseInt(after) : parseInt(after);
      const tests = [firing([], "29m"), firing([alert], `${MINUTES_BEFORE + minutes + 1}m`)];
      expect(judged({ ...series(way), promql_expr_test: tests })).toContain(PASSED);
    });

    test.each([
      ["is not synchronized", { node_timex_sync_status: 0 }],
      ["is a second off", { node_timex_offset_seconds: -1 }],
    ])("a clock that %s: K3sHostClockOff is red then, and nothing else", (_, clock) => {
      const tests = [firing([], "29m"), firing(["K3sHostClockOff"], "46m")];
      expect(judged({ ...series("healthy", clock), promql_expr_test: tests })).toContain(PASSED);
    });

    test("every alert has such a host", () => {
      const alerts = [...(files.get("monitoring/alerts.yaml") ?? "").matchAll(/- alert: (\w+)/g)].map(
        ([, name]) => name as string,
      );
      expect(new Set(BROKEN.map(([, alert]) => alert).concat("K3sHostClockOff"))).toEqual(new Set(alerts));
    });

    test("alerts and dashboard name only metrics that the exporter serves", () => {
      const known = new Set([...answer("healthy").samples.keys()].map((name) => name.replace(/\{.*/, "")));
      const text = `${files.get("monitoring/alerts.yaml")}${expressions().join("\n")}`.replace(
        /^ *#.*/gm,
        "",
      );
      const named = new Set(text.match(/\b(node|k3s_host)_[a-zA-Z]\w*/g));
      named.delete("node_exporter");
      expect([...named].filter((name) => !known.has(name))).toEqual([]);
      expect(named.size).toBeGreaterThan(15);
    });

    interface Dashboard {
      readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
    }
    const expressions = (): string[] =>
      (JSON.parse(files.get("monitoring/dashboard.json") ?? "") as Dashboard).panels.flatMap(({ targets }) =>
        targets.map(({ expr }) => expr),
      );

    test("every panel of the dashboard shows something of a host that is well", () => {
      const tests = expressions().map((expr) => ({
        expr: `group(${expr})`,
        eval_time: "20m",
        exp_samples: [{ labels: "{}", value: 1 }],
      }));
      expect(tests.length).toBeGreaterThan(10);
      expect(judged({ ...series("healthy"), promql_expr_test: tests })).toContain(PASSED);
    });

    test("Prometheus takes the emitted configuration, with its alerts and targets", () => {
      const { status, stderr } = promtool("check", "config", join(folder, "nix/monitoring/prometheus.yaml"));
      expect([stderr, status]).toEqual(["", 0]);
    });

    test("what is written is well-formed, with a help and a type for each metric", () => {
      const own =
        answer("healthy")
          .text.match(/^.*k3s_host_.*\n/gm)
          ?.join("") ?? "";
      const { status, stdout, stderr } = spawnSync(program("monitoring", "promtool"), ["check", "metrics"], {
        encoding: "utf8",
        input: own,
      });
      expect([stdout + stderr, status]).toEqual(["", 0]);
    });

    test("the hash is that of cluster.json for the ruleset", () => {
      const text = files.get(`${SERVER?.directory}/nftables.nft`) as string;
      const hash = execFileSync("sha256sum", { input: text, encoding: "utf8" }).slice(0, 64);
      expect([...answer("healthy").samples.keys()]).toContain(`k3s_host_ruleset_info{sha256="${hash}"}`);
    });

    test("neither a token nor a key gets into the metrics", () => {
      const secrets = execFileSync(
        "sh",
        ["-c", `cat ${folder}/k3s/server/token; find ${folder}/k3s -name '*.key' -exec cat {} +`],
        {
          encoding: "utf8",
        },
      )
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("-----"));
      expect(secrets.length).toBeGreaterThan(5);
      const texts = [...answers.values()].map(({ text }) => text).join("\n");
      expect(secrets.filter((secret) => texts.includes(secret))).toEqual([]);
    });
  },
);

describeWith([VMALERT], "the alerts", () => {
  test("are read by VictoriaMetrics' vmalert", () => {
    const folder = newFolder();
    try {
      write(folder, emitted(MODEL));
      const rules = join(folder, "monitoring/alerts.yaml");
      const { status, stderr } = spawnSync("vmalert", ["-dryRun", `-rule=${rules}`], { encoding: "utf8" });
      expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
      writeFileSync(rules, readFileSync(rules, "utf8").replace("increase(", "increase(("));
      expect(spawnSync("vmalert", ["-dryRun", `-rule=${rules}`]).status).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
