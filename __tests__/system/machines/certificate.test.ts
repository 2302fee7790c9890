/** An operator who logs in with an SSH certificate, and whose key is in no list. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

const TRUSTED = "/etc/ssh/authority.pub";

describeWith(MACHINES, "an operator with an SSH certificate", () => {
  let cluster: LiveCluster;
  let certified: string;
  let stranger: string;

  beforeAll(async () => {
    cluster = await LiveCluster.start(THREE);
    const authority = key("authority");
    [certified, stranger] = [key("certified"), key("stranger")];
    keygen("-s", authority, "-I", "somebody", "-n", "root", `${certified}.pub`);
    const text = readFileSync(`${authority}.pub`, "utf8").trim();
    for (const { hostname } of THREE) {
      await cluster.testbed.on(hostname, `echo '${text}' >${TRUSTED}`);
      await trust(hostname, TRUSTED);
    }
  });
  afterAll(() => cluster?.stop());

  function key(name: string): string {
    const file = join(cluster.folder, name);
    keygen("-t", "ed25519", "-N", "", "-C", name, "-f", file);
    return file;
  }

  /** The host's SSH server reads its trusted authorities from that file at each login. */
  const trust = (hostname: string, file: string): Promise<string> =>
    cluster.testbed.on(
      hostname,
      `sed -i /TrustedUserCAKeys/d /etc/ssh/sshd_config
       echo TrustedUserCAKeys ${file} >>/etc/ssh/sshd_config
       systemctl restart sshd`,
    );

  /** A change that does not touch `local.nix`, which could add keys. */
  const change = (port: number): void =>
    cluster.emit(THREE, {
      firewall: {
        allow: [
          {
            from: "172.22.0.0/24",
            to: "every host",
            protocol: "tcp",
            ports: { from: port, to: port },
            why: "test",
          },
        ],
      },
    });

  test("can roll out, and cannot without it", async () => {
    for (const { hostname } of THREE)
      await cluster.testbed.until("the certificate is good", () => cluster.admitsSsh(hostname, certified));
    change(9100);
    const refused = await cluster.rolloutWith({ OPERATOR_KEY: stranger }, "apply", "--yes");
    expect([refused.status, refused.output]).toEqual([
      3,
      expect.stringContaining("root@172.22.0.135 accepts none of your SSH keys"),
    ]);
    (await cluster.rolloutWith({ OPERATOR_KEY: certified }, "apply", "--yes")).mustSucceed();
    expect(await cluster.testbed.on("hamal", "nft list table inet k3s_host")).toContain("9100");
    expect(await cluster.testbed.on("hamal", "cat /var/log/sshd")).toMatch(
      /Accepted publickey for root .* ED25519-CERT .* ID somebody /,
    );
    const [, own = ""] = readFileSync(`${certified}.pub`, "utf8").split(" ");
    expect(await cluster.testbed.on("hamal", "cat /etc/ssh/authorized_keys.d/root")).not.toContain(own);
  });

  test("is not locked out by a system that no longer trusts its authority", async () => {
    const before = await cluster.testbed.on("hamal", "readlink -f /run/current-system");
    await cluster.testbed.on("hamal", `cp ${TRUSTED} ${before.trim()}/etc/ssh/authority.pub`);
    await trust("hamal", "/run/current-system/etc/ssh/authority.pub");
    await cluster.testbed.until("the certificate is good", () => cluster.admitsSsh("hamal", certified));
    change(9200);
    const { status, output } = await cluster.rolloutWith(
      { OPERATOR_KEY: certified },
      ...["apply", "--on", "hamal", "--yes", "--confirm-seconds", "6"],
    );
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("hamal was not confirmed and has reverted by itself"),
    ]);
    expect(await cluster.testbed.on("hamal", "readlink -f /run/current-system")).toBe(before);
    expect(await cluster.testbed.on("hamal", "nft list table inet k3s_host")).not.toContain("9200");
  });
});

function keygen(...words: string[]): void {
  const { status, stderr } = spawnSync("ssh-keygen", ["-q", ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(`ssh-keygen ${words.join(" ")}: ${stderr}`);
}
