import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderHaproxy } from "../../src/render/haproxy";
import { withHeader } from "../../src/emit/header";
import { environment } from "../../testbed/namespaces/unshare";
import { temporaryFolder } from "../fixture";
import { cluster } from "./clusters";
import { describeWith, HAPROXY } from "./tools";

const TEXT = renderHaproxy(cluster({ servers: 3, apiEndpoint: "https://k3s.example.org:7443" })) ?? "";

function check(text: string): { status: number | null; words: string } {
  const file = join(temporaryFolder(), "haproxy.cfg");
  writeFileSync(file, withHeader("haproxy.cfg", text));
  const { status, stdout, stderr } = spawnSync("haproxy", ["-c", "-f", file], {
    encoding: "utf8",
    env: environment,
  });
  return { status, words: `${stdout}${stderr}` };
}

describeWith([HAPROXY], "the configuration for a balancer", () => {
  test("is valid for HAProxy itself, without warnings", () => {
    const { status, words } = check(TEXT);
    expect(words).not.toMatch(/WARNING|ALERT/);
    expect(status).toBe(0);
  });

  test("and it refuses an invalid one", () => {
    expect(check(TEXT.replace("mode tcp", "mode udp")).status).not.toBe(0);
  });
});
