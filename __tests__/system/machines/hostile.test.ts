/**
 * Hosts that an attacker controls, over real SSH: whatever one sends, only that host fails and is named, the plan of the
 * others is printed, and the output has no terminal control characters.
 */
import { describeWith } from "../tools";
import { LiveCluster, THREE, type Result } from "./cluster";
import { MACHINES } from "./tools";

const GREEN = "The cluster matches main.ts.";

/** In the syntax of printf: a forged green line, text for the clipboard, and a change of the writing direction. */
const OBEYED = `\\r\\033[32m${GREEN}\\033[0m \\033]52;c;aGk=\\007 \\342\\200\\256reversed\\302\\233`;

// Control characters except tab and line feed, C1 and bidirectional ones.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** What every program that is called on a host does first, once. */
const HOOK = `
mkdir -p /hostile
cat >>/etc/set-environment <<'END'
PATH=/hostile:$PATH
if [ -n "\${SSH_CONNECTION:-}" ] && [ -z "\${BEGUN:-}" ] && [ -e /hostile/session ]; then
  export BEGUN=yes
  . /hostile/session
fi
END`;

describeWith(MACHINES, "a hostile host", () => {
  let cluster: LiveCluster;

  beforeAll(async () => {
    cluster = await LiveCluster.start(THREE);
    for (const host of ["alphard", "hamal"]) await cluster.testbed.on(host, HOOK);
  });
  afterAll(() => cluster?.stop());

  const put = (host: string, file: string, text: string): Promise<string> =>
    cluster.testbed.on(host, `cat >/hostile/${file} <<'END'\n${text}\nEND\nchmod 0755 /hostile/${file}`);

  afterEach(() =>
    Promise.all(["alphard", "hamal"].map((host) => cluster.testbed.on(host, "rm -f /hostile/*"))),
  );

  function isHarmless({ output }: Result, ...others: string[]): void {
    expect(output).not.toMatch(CONTROL);
    expect(output.split("\n")).not.toContain(GREEN);
    for (const host of others) expect(output).toMatch(new RegExp(`^${host}: unchanged`, "m"));
  }

  /** What hamal does in each session, and the message about it. */
  test.each<[string, string, RegExp]>([
    ["says something for ever", "yes '@file x YQ=='", /^hamal: unreachable[^]*more than 16 MiB/m],
    ["complains for ever", "yes >&2", /^hamal: unreachable[^]*more than 16 MiB/m],
    [
      "has thousands of files",
      "yes '@file x YQ==' | head -n 30000",
      /^hamal: unreachable[^]*it has 3000\d files/m,
    ],
    [
      "reports what a terminal obeys",
      `printf '@firmware ${OBEYED.slice(2)}\\n'`,
      /^hamal: refused[^]*was booted by \ufffd/m,
    ],
    [
      "fails with forged words",
      `printf '${OBEYED}\\n'; printf '\\n${GREEN}\\n' >&2; exit 3`,
      /^hamal: unreachable/m,
    ],
    ["hangs", "sleep 600", /^hamal: unreachable[^]*no answer within 30 s/m],
  ])(
    "that %s fails, and no other host does",
    async (_, session, expected) => {
      await put("hamal", "session", session);
      const result = await cluster.rollout("plan");
      const code = expected.source.includes("refused") ? 4 : 3;
      expect([result.status, result.output]).toEqual([code, expect.stringMatching(expected)]);
      isHarmless(result, "alphard", "mizar");
    },
    60_000,
  );

  test("leaves no terminal control characters in its log", () => {
    expect(cluster.log("hamal")).toContain(GREEN);
    expect(cluster.log("hamal")).not.toMatch(CONTROL);
  });

  test("with a file of 200 MB below /etc/nixos does not fill the operator's memory", async () => {
    await cluster.testbed.on("hamal", "truncate -s 200M /etc/nixos/large.nix");
    const result = (await cluster.rollout("plan")).mustSucceed();
    await cluster.testbed.on("hamal", "rm /etc/nixos/large.nix");
    isHarmless(result, "alphard", "hamal", "mizar");
  });

  test("with a kubeconfig of 200 MB has it refused", async () => {
    const file = "/etc/rancher/k3s/k3s.yaml";
    await cluster.testbed.on("alphard", `cp ${file} /tmp/kept; truncate -s 200M ${file}`);
    const { status, output } = await cluster.rollout("kubeconfig", "--print");
    await cluster.testbed.on("alphard", `cp /tmp/kept ${file}`);
    expect([status, output]).toEqual([3, expect.stringMatching(/alphard: it sent more than 16 MiB/)]);
  });

  test("that claims the identity of another host blocks no other host", async () => {
    const id = await cluster.testbed.on("mizar", "cat /etc/machine-id");
    const own = await cluster.testbed.on("hamal", `cat /etc/machine-id; echo ${id.trim()} >/etc/machine-id`);
    const result = (await cluster.rollout("plan")).mustSucceed();
    await cluster.testbed.on("hamal", `echo ${own.trim()} >/etc/machine-id`);
    isHarmless(result, "alphard", "mizar");
    expect(result.output).toContain("its machine-id is also that of mizar");
  });

  /** The output of the server's kubectl. */
  test.each<[string, string, string]>([
    ["brackets without end", "head -c 2000000 /dev/zero | tr '\\0' '['", "that Kubernetes would not return"],
    ["40 MB", "head -c 40000000 /dev/zero | tr '\\0' ' '", "it sent more than 16 MiB"],
    [
      "a node with no node's name",
      `printf '{"items":[{"metadata":{"name":"\\\\u001b[32m${GREEN}"},"spec":{},"status":{}}]}'`,
      "alphard: its API names a node",
    ],
    [
      "a node whose address is none",
      `printf '{"items":[{"metadata":{"name":"x"},"spec":{"podCIDR":{}},"status":{}}]}'`,
      "alphard: its API names a node",
    ],
  ])("whose list of nodes is %s is named, and its list is ignored", async (_, command, expected) => {
    await put("alphard", "kubectl", `#!/bin/sh\n${command}`);
    const result = await cluster.rollout("plan");
    expect(result.output).toContain(expected);
    isHarmless(result, "alphard", "hamal", "mizar");
  });

  test("with a poisoned pod network has it passed to no other host", async () => {
    const node = "/cluster/nodes/hamal.json";
    await cluster.testbed.on(
      "hamal",
      `sed -i.kept 's#"podCIDR":"[^"]*"#"podCIDR":"8.8.8.8/32 -f \\\\u001b[32m"#' ${node}`,
    );
    const result = await cluster.rollout("verify");
    await cluster.testbed.on("hamal", `mv ${node}.kept ${node}`);
    const found = [...result.output.matchAll(/^ {2}! (.*)$/gm)].map(([, fault = ""]) => fault);
    expect([result.status, found]).toEqual([
      1,
      [expect.stringMatching(/^hamal: its node has pod CIDR 8\.8/)],
    ]);
    isHarmless(result);
  });
});
