/** Calls over SSH, with stand-ins for the SSH client that repeat what the real one printed and did. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostKeys } from "../../src/rollout/host-keys";
import { Log } from "../../src/rollout/log";
import { Redactor } from "../../src/rollout/secrets";
import { Ssh, type CommandResult, type RunOptions } from "../../src/rollout/ssh";
import { temporaryFolder } from "../fixture";

const TARGET = { hostname: "hamal", address: "192.0.2.1" };

/** A shell of this machine instead of the host's. */
const SHELL = "exec sh -s";

describe("a call", () => {
  const { PATH } = process.env;
  let folder: string;
  let ssh: Ssh;

  beforeEach(() => {
    folder = temporaryFolder();
    process.env.PATH = `${folder}:${PATH}`;
    ssh = new Ssh(
      new HostKeys(join(folder, "known_hosts"), join(folder, "seen")),
      new Log(join(folder, "logs"), new Redactor(), () => undefined),
    );
  });

  afterEach(() => {
    ssh.stop();
    process.env.PATH = PATH;
  });

  /** @param client - the script that is `ssh`; its starts are counted */
  function withClient(client: string): void {
    writeFileSync(join(folder, "ssh"), `#!/bin/sh\necho "$*" >>${folder}/started\n${client}\n`);
    chmodSync(join(folder, "ssh"), 0o755);
  }

  const started = (): string[] => readFileSync(join(folder, "started"), "utf8").trimEnd().split("\n");

  const run = (script: string, more: Partial<RunOptions> = {}): Promise<CommandResult> =>
    ssh.run(TARGET, script, { timeoutSeconds: 20, ...more });

  const failure = (script: string, more: Partial<RunOptions> = {}): Promise<Error> =>
    run(script, more).then(
      () => new Error("it succeeded"),
      (error: unknown) => error as Error,
    );

  test("ends within its time limit, also when a child of the client lives on", async () => {
    // Like a client with a jump host, whose proxy keeps the output open.
    withClient("sleep 300 &\nsleep 300");
    expect((await failure(":", { timeoutSeconds: 1 })).message).toBe(
      "hamal: no SSH connection to 192.0.2.1: no answer within 1 s",
    );
  });

  test("tells and logs what the client says without its carriage returns", async () => {
    const said = [
      "debug1: Connecting to 192.0.2.1 port 22.",
      "Warning: Permanently added 'hamal' (ED25519) to the list of known hosts.",
      "mux_client_request_session: read from master failed: Broken pipe",
      "kex_exchange_identification: read: Connection reset by peer",
    ];
    // OpenSSH ends each line of its own so (log.c, do_log).
    withClient(`printf '%s\\r\\n' ${said.map((line) => `"${line}"`).join(" ")} >&2\nexit 255`);
    expect((await failure(":")).message).toBe(
      "hamal: the SSH connection to 192.0.2.1 broke: mux_client_request_session: read from master failed: Broken pipe " +
        "kex_exchange_identification: read: Connection reset by peer",
    );
  });

  test("logs what a program of the host says without its carriage returns, too", async () => {
    withClient(SHELL);
    await run("printf 'mux_client_hello\\r\\nlast\\r' >&2; printf 'one\\r\\r\\n'");
    const log = readFileSync(join(folder, "logs", "hamal.log"), "utf8");
    expect(log.replaceAll(/^\S+ /gm, "")).toBe("one\nmux_client_hello\nlast\n");
  });

  test("has its own status and output, and leaves nothing to the next call", async () => {
    withClient(SHELL);
    const first = await run("printf out; echo err >&2; x=1; cd /; exit 7");
    expect(first).toMatchObject({ status: 7, stdout: "out", stderr: "err\n" });
    const second = await run('echo "[${x:-}]"; cat; [ "$PWD" != / ] || echo "in /"');
    expect(second).toMatchObject({ status: 0, stdout: "[]\n", stderr: "" });
  });

  test("passes on each line of its output when it arrives", async () => {
    withClient(SHELL);
    const heard: string[] = [];
    const goOn = join(folder, "go-on");
    const onLine = (line: string): void => {
      heard.push(line);
      if (line === "one") writeFileSync(goOn, "");
    };
    await run(`echo one; until [ -e ${goOn} ]; do sleep 0.01; done; printf two; printf 's\\nthree\\n'`, {
      onLine,
    });
    expect(heard.slice(0, 3)).toEqual(["one", "twos", "three"]);
    await run("echo four");
    expect(heard).not.toContain("four");
  });

  test("reuses the connection of the last call, unless it asks for a new one", async () => {
    withClient(SHELL);
    for (const more of [{}, {}, { fresh: true }, {}]) await run(":", more);
    expect(started()).toHaveLength(2);
  });

  test("and a concurrent one reuse the connections of the last two calls", async () => {
    withClient(SHELL);
    for (let round = 0; round < 3; round++) await Promise.all([run("sleep 0.3"), run("sleep 0.3")]);
    expect(started()).toHaveLength(2);
  });

  test("does not wait for a slow one", async () => {
    withClient(SHELL);
    const slow = run(`while [ ! -e ${folder}/go ]; do sleep 0.05; done; echo slow`);
    expect((await run(`touch ${folder}/go; echo quick`)).stdout).toBe("quick\n");
    expect((await slow).stdout).toBe("slow\n");
  });

  test("does not reuse a connection whose other end has closed", async () => {
    withClient(SHELL);
    await run(`echo $PPID >${folder}/shell`);
    await run("kill -9 $$").catch(() => undefined);
    expect((await run("echo there")).stdout).toBe("there\n");
  });

  test("whose connection breaks is not a success, whatever was printed", async () => {
    withClient("sed -u '/@end/q' | sh -s | sed -u '/said/q'; exit 0");
    const error = await failure("echo said; sleep 1");
    expect(error).toMatchObject({ code: "connection lost" });
    expect(error.message).toMatch(/^hamal: the SSH connection to 192\.0\.2\.1 broke: /);
  });

  test("that only reads is repeated once when a busy server resets it, and one that changes is not", async () => {
    const busy = "echo 'kex_exchange_identification: read: Connection reset by peer' >&2; exit 255";
    withClient(`[ "$(wc -l <${folder}/started)" != 1 ] || { ${busy}; }\n${SHELL}`);
    expect((await run("echo there", { reads: true })).stdout).toBe("there\n");
    writeFileSync(join(folder, "started"), "");
    ssh.stop();
    ssh = new Ssh(ssh.keys, new Log(join(folder, "logs"), new Redactor(), () => undefined));
    expect((await failure("echo there")).message).toContain("broke: kex_exchange_identification");
    expect(started()).toHaveLength(1);
  });

  test("whose session is delayed by PAM says so", async () => {
    withClient("echo 'Authenticated to 192.0.2.1 ([192.0.2.1]:22) using \"publickey\".' >&2; sleep 300");
    expect((await failure(":", { timeoutSeconds: 1 })).message).toMatch(
      /^hamal: root@192\.0\.2\.1 can log in, but the session does not start: no answer within 1 s\. Look at/,
    );
  });

  test("does not expect the key of a certificate in the list of keys", async () => {
    const key = "debug1: Server accepts key: /root/.ssh/id-cert.pub ED25519-CERT SHA256:own explicit";
    withClient(`echo '${key}' >&2\n${SHELL}`);
    expect(await run(":")).toMatchObject({ operatorKey: "" });
  });

  test("learns the operator's key from the client, and not from the host", async () => {
    const key = "debug1: Server accepts key: /root/.ssh/id ED25519 SHA256:own agent";
    withClient(`echo '${key}' >&2\n${SHELL}`);
    const said = "echo 'debug1: Server accepts key: x ED25519 SHA256:forged' >&2";
    expect(await run(said)).toMatchObject({ operatorKey: "SHA256:own", stderr: "" });
  });

  test.each([
    ["output", "yes 0123456789abcdef"],
    ["output without an end of line", "tr '\\0' x </dev/zero"],
    ["complaints", "yes 0123456789abcdef >&2"],
  ])("to a host with endless %s ends at 16 MiB, and others continue", async (_, script) => {
    withClient(SHELL);
    const error = await failure(script);
    expect(error.message).toMatch(/^hamal: it sent more than 16 MiB in one answer/);
    expect((await run("echo there")).stdout).toBe("there\n");
  });

  test("forwards nothing, and does not take a host name for an option", async () => {
    withClient(SHELL);
    await ssh.run({ ...TARGET, hostname: "-oProxyCommand=false" }, ":", { timeoutSeconds: 20 });
    const words = started()[0] ?? "";
    for (const setting of [
      "ForwardAgent=no",
      "ForwardX11=no",
      "Tunnel=no",
      "GSSAPIDelegateCredentials=no",
      "ClearAllForwardings=yes",
      "ControlMaster=no",
      "ControlPath=none",
    ]) {
      expect(words).toContain(` ${setting} `);
    }
    expect(words).toMatch(/ -- -oProxyCommand=false \/bin\/sh -s$/);
  });
});
