/** The programs that run on hosts, in a shell of this machine. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { remoteScript } from "../../src/render/remote-script";
import { certificatesIn } from "../../src/rollout/certificates";
import { Report } from "../../src/rollout/script";
import { saltedHash } from "../../src/rollout/token";
import { ownCertificate } from "../../testbed/pve/certificate";
import { REPOSITORY, temporaryFolder } from "../fixture";

const REMOTE = join(REPOSITORY, "src", "rollout", "remote");
const PROGRAMS = readdirSync(REMOTE).filter((name) => name !== "prelude.sh");

/** Programs that run without the prelude. */
const LEFT_ON_THE_HOST = new Set(["revert.sh", "trial-revert.sh"]);

test.each(PROGRAMS)("%s is a valid shell program", (name) => {
  const script = LEFT_ON_THE_HOST.has(name)
    ? readFileSync(join(REMOTE, name), "utf8")
    : remoteScript(name.replace(".sh", ""));
  const { status, stderr } = spawnSync("sh", ["-n"], { input: script, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

/** Runs a program as on a host, with its folders moved below `folder`. */
function run(program: string, variables: Record<string, string>, folder: string): Report {
  const script = remoteScript(program, variables)
    .replaceAll("/var/lib", join(folder, "lib"))
    .replaceAll("/run/k3s", join(folder, "run-k3s"));
  const { stdout, stderr, status } = spawnSync("sh", ["-s"], {
    input: script,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      SSH_CONNECTION: "192.0.2.1 1 192.0.2.2 22",
    },
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return new Report(stdout);
}

test("a program runs only when it has arrived completely", () => {
  const folder = temporaryFolder();
  const whole = remoteScript("token", { token: "secret-token", path: join(folder, "token"), install: "yes" });
  const end = whole.length - 1;
  const lengths = Array.from({ length: end }, (_, at) => at).filter((at) => at % 97 === 0 || at > end - 20);
  for (const length of lengths) {
    spawnSync("sh", ["-s"], { input: whole.slice(0, length) });
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("a program runs to its end when the connection is lost", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "secrets"));
  const path = join(folder, "secrets", "token");
  const script = remoteScript("token", { token: "secret-token", path, install: "yes" }).replace(
    "main()",
    "report first word\nmain()",
  );
  const { status } = spawnSync("sh", ["-c", "exec 1>&-; exec sh -s"], { input: script });
  expect([status, existsSync(path)]).toEqual([0, true]);
});

test("a build reports the last line of its output while it runs, what it built, and names that wait for a boot", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "lib"));
  mkdirSync(join(folder, "system/bin"), { recursive: true });
  writeFileSync(join(folder, "system/nixos-version"), "25.11\n");
  writeFileSync(join(folder, "system/bin/switch-to-configuration"), "#!/bin/sh\n", { mode: 0o755 });
  const rebuild = `#!/bin/sh\necho one\nsleep 3\necho two >&2\nsleep 3\nln -s ${folder}/system result\n`;
  writeFileSync(join(folder, "nixos-rebuild"), rebuild, { mode: 0o755 });
  const report = run(
    "build",
    {
      files: ":e30= configuration.nix",
      interfaces: "00:00:00:00:00:00=lo 06:24:11:b3:ed:02=storage0",
      ...{ revision: "", archive: "", hash: "", pin: "", caches: "", cache_keys: "" },
    },
    folder,
  );
  expect(report.all("building")).toEqual(["one", "two"]);
  expect(report.one("built")).toBe(join(folder, "system"));
  expect(report.text("refusal")).toBe(
    "its network interface with MAC address 06:24:11:b3:ed:02 is to be storage0, which it becomes only at boot\n",
  );
});

test("certificates are read whatever ends their lines, and no key beside them", () => {
  const folder = temporaryFolder();
  const { cert, key } = ownCertificate();
  const [begin, ...rest] = cert.toString().trim().split("\n");
  const inOneLine = [begin, rest.slice(0, -1).join(""), rest.at(-1), ""];
  const texts = {
    "server/tls/client-ca.crt": cert.toString().replaceAll("\n", "\r\n"),
    "server/tls/server-ca.crt": inOneLine.join("\n"),
    "server/tls/request-header-ca.crt": `${key.toString()}${cert.toString().trimEnd()}`,
    "server/tls/etcd/peer-ca.crt": "",
  };
  for (const [file, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, "lib/rancher/k3s", file)), { recursive: true });
    writeFileSync(join(folder, "lib/rancher/k3s", file), text);
  }
  const files = [...Object.keys(texts), "server/tls/missing.crt"].join(" ");
  const report = run("certificates", { files }, folder);
  const { authorities, unreadable } = certificatesIn(report, "server");
  expect(authorities.map(({ file }) => file).sort()).toEqual(Object.keys(texts).slice(0, 3).sort());
  expect(unreadable).toEqual(["server/tls/etcd/peer-ca.crt"]);
  expect(report.all("pem").join("\n")).not.toContain("PRIVATE KEY");
});

describe("the join token", () => {
  const LONG = `K10${"ab".repeat(32)}::server:secret-token`;

  const deliver = (folder: string, token: string): string =>
    run("token", { token, path: join(folder, "secrets", "token") }, folder).one("token");

  const hashes = (folder: string): Report =>
    run(
      "facts",
      {
        device: "",
        salt: "5a17",
        token_files: join(folder, "secrets", "token"),
        k3s_disks: "",
        api_vip: "",
        examine_boot_loader: "",
      },
      folder,
    );

  test("is installed for root alone where there is none, and never replaced", () => {
    const folder = temporaryFolder();
    expect(deliver(folder, LONG)).toBe("installed");
    expect(statSync(join(folder, "secrets", "token")).mode & 0o777).toBe(0o400);
    expect(readdirSync(join(folder, "secrets"))).toEqual(["token"]);
    expect(deliver(folder, "another-token")).toBe("there");
    expect(readFileSync(join(folder, "secrets", "token"), "utf8")).toBe(`${LONG}\n`);
  });

  test("is compared by a salted hash, which is the same for its short and its long form", () => {
    const folder = temporaryFolder();
    expect(hashes(folder).all("token")).toEqual([]);
    deliver(folder, LONG);
    const hash = hashes(folder).one("token").split(" ")[1];
    expect([saltedHash("5a17", LONG), saltedHash("5a17", "secret-token")]).toEqual([hash, hash]);
    expect([saltedHash("5a17", "another-token"), saltedHash("5a18", LONG)]).not.toContain(hash);
  });

  test("that a server keeps in its data directory is compared, too", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "lib", "rancher", "k3s", "server"), { recursive: true });
    writeFileSync(join(folder, "lib", "rancher", "k3s", "server", "token"), `${LONG}\n`);
    expect(hashes(folder).one("kept_token")).toBe(saltedHash("5a17", LONG));
  });
});

describe("the lock", () => {
  const take = (folder: string, id: string, dead = "", boot = ""): Report =>
    run("lock", { owner: `owner of ${id}`, id, dead, boot }, folder);
  const lockOf = (folder: string): string => join(folder, "run-k3s-rollout.lock");

  test("belongs to one rollout, which may renew it", () => {
    const folder = temporaryFolder();
    expect(take(folder, "a").one("taken")).toBe("yes");
    expect(take(folder, "a").one("taken")).toBe("yes");
    const second = take(folder, "b");
    expect([second.one("taken"), second.one("held"), second.one("held_id")]).toEqual(["", "owner of a", "a"]);
    expect(second.one("held_for")).toMatch(/^\d+$/);
  });

  test("is free again when its holder releases it, and only then", () => {
    const folder = temporaryFolder();
    take(folder, "a");
    run("unlock", { id: "b" }, folder);
    expect(take(folder, "b").one("taken")).toBe("");
    run("unlock", { id: "a" }, folder);
    expect(take(folder, "b").one("taken")).toBe("yes");
  });

  test("passes to another rollout when its holder is known to be dead", () => {
    const folder = temporaryFolder();
    take(folder, "a");
    expect(take(folder, "b", "a").one("taken")).toBe("yes");
  });

  test("is created again by its holder after a reboot, but not after a release", () => {
    const folder = temporaryFolder();
    const boot = take(folder, "a").one("boot");
    expect(take(folder, "a", "", boot).one("taken")).toBe("yes");
    run("unlock", { id: "a" }, folder);
    const late = take(folder, "a", "", boot);
    expect([late.one("taken"), late.one("gone")]).toEqual(["", "yes"]);
    expect(take(folder, "a", "", "of a boot before").one("taken")).toBe("yes");
  });

  test("expires a minute after its holder renewed it, by the monotonic clock", () => {
    const folder = temporaryFolder();
    take(folder, "a");
    const up = Math.floor(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]));
    const heardAgo = (seconds: number): void => {
      writeFileSync(lockOf(folder), ["a", up - 600, up - seconds, "owner of a", ""].join("\n"));
    };
    heardAgo(30);
    expect(take(folder, "b").one("taken")).toBe("");
    heardAgo(62);
    expect(take(folder, "b").one("taken")).toBe("yes");
  });
});
