/** Interruptions while the join token is delivered to new hosts. */
import { agent, ALPHARD, HAMAL, MIZAR } from "../../fixture";
import { describeWith } from "../tools";
import { LiveCluster, TOKEN } from "./cluster";
import { MACHINES } from "./tools";

const ACRUX = agent("k3s-agent-2", "acrux", 137);

/** Waits between writing the token and moving it into place, until it may go on. */
const SLOW_CHMOD = `
mkdir -p /slow
cat >/slow/chmod <<'END'
#!/bin/sh
case "$2" in *secrets*)
  for _ in $(seq 600); do [ ! -e /slow/go ] || break; sleep 0.05; done ;;
esac
exec /bin/chmod "$@"
END
chmod 0755 /slow/chmod
sed -i 's#PATH=#PATH=/slow:#' /etc/set-environment`;

const SECRETS = "ls -A /var/lib/k3s-secrets";

describeWith(MACHINES, "the delivery of a join token", () => {
  let cluster: LiveCluster;

  beforeAll(async () => {
    cluster = await LiveCluster.start([ALPHARD], [ALPHARD, HAMAL, MIZAR, ACRUX]);
    (await cluster.rollout("apply", "--on", "alphard", "--yes")).mustSucceed();
    for (const host of ["hamal", "mizar", "acrux"]) await cluster.testbed.on(host, SLOW_CHMOD);
  });
  afterAll(() => cluster?.stop());

  const apply = (host: string): string[] => ["apply", "--on", `alphard,${host}`, "--yes"];

  /** Whether the token is written but not in its place. */
  const isHalfWay = async (host: string): Promise<boolean> =>
    (await cluster.testbed.attempt(host, `${SECRETS} | grep -q '^[.]token[.]'`)).status === 0;

  const letGo = (host: string): Promise<string> => cluster.testbed.on(host, "touch /slow/go");

  async function endsWell(host: string): Promise<void> {
    (await cluster.rollout(...apply(host))).mustSucceed();
    expect(await cluster.testbed.on(host, SECRETS)).toBe("token\n");
    const token = await cluster.testbed.on(host, "cd /var/lib/k3s-secrets; stat -c '%a %U' token; cat token");
    expect(token).toBe(`400 root\n${TOKEN}\n`);
    expect(cluster.testbed.kubeNode(host)).toBeDefined();
  }

  test.each<[string, string, () => Promise<unknown>, number | null]>([
    ["whose program is killed", "hamal", () => cluster.testbed.killPrograms(), null],
    ["whose connection is cut", "mizar", () => cluster.testbed.dropSessions("mizar"), 3],
  ])("%s is finished by the host, and the rerun continues", async (_, host, interrupt, status) => {
    const first = cluster.rollout(...apply(host));
    await cluster.testbed.until("the token is half-way", () => isHalfWay(host));
    await interrupt();
    expect((await first).status).toBe(status);
    expect(await isHalfWay(host)).toBe(true);
    await letGo(host);
    await cluster.testbed.until("what has begun is finished", async () => !(await isHalfWay(host)));
    expect(await cluster.testbed.on(host, SECRETS)).toBe("token\n");
    await endsWell(host);
  });

  test("that a reset of the host interrupts leaves no part of the token after the rerun", async () => {
    const first = cluster.rollout(...apply("acrux"));
    await cluster.testbed.until("the token is half-way", () => isHalfWay("acrux"));
    await cluster.testbed.powerOff("acrux");
    await cluster.testbed.powerOn("acrux");
    expect((await first).status).toBe(3);
    expect(await isHalfWay("acrux")).toBe(true);
    await letGo("acrux");
    await endsWell("acrux");
  });
});
