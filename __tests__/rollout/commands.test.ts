/** What commands do to hosts, shown by the programs that they run there. The hosts answer like machines that are not set up yet. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyCommand, type Operator } from "../../src/rollout/commands";
import { Host } from "../../src/rollout/host";
import { Report } from "../../src/rollout/script";
import { Session } from "../../src/rollout/session";
import { ALPHARD, HAMAL, temporaryFolder } from "../fixture";
import { described, pathsIn } from "./plan-context";

const OPTIONS: Parameters<typeof applyCommand>[2] = {
  addresses: new Map(),
  regenerateIdentity: false,
  rebuild: false,
  yes: true,
  acceptNewHostKeys: true,
  boot: true,
  agentsAtOnce: 1,
  rebootsAtOnce: 1,
  drainSeconds: 1,
  forceBarePods: false,
  rebootSeconds: 1,
  resetHung: false,
  confirmSeconds: 1,
};

/** The report of `facts` from a new clone of the template. */
const factsOf = ({ node }: Host, macAddress: string): Report =>
  new Report(
    [
      "@uid 0",
      "@nixos yes",
      "@hostname nixos",
      `@machine_id machine-id of ${node.hostname}`,
      `@nic ${node.nixos.networkInterface} ${macAddress}`,
      `@firmware ${node.nixos.firmware}`,
      `@root_uuid ${node.nixos.rootFilesystem.uuid}`,
      "@root_device /dev/sda1",
      "@k3s inactive",
    ].join("\n"),
  );

/** The programs other than `facts` that an apply runs on hosts, until the first of them fails. */
async function programsOfApply(macAddresses: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const own = temporaryFolder();
  writeFileSync(join(own, "token"), "planted-5ca1ab1e");
  const { folder } = described([ALPHARD, HAMAL], { rollout: { tokenPath: join(own, "token") } });
  const session = new Session(pathsIn(own, folder), () => undefined);
  const programs: string[] = [];
  jest.spyOn(Host.prototype, "callFully").mockImplementation(async function (this: Host, program) {
    if (program !== "facts") {
      programs.push(`${this.name}: ${program}`);
      throw new Error("that is enough");
    }
    const report = factsOf(this, macAddresses[this.name] ?? this.node.macAddress);
    return { report, output: { status: 0, stdout: "", stderr: "", operatorKey: "" } };
  });
  const operator: Operator = {
    print: () => undefined,
    askForConsent: () => Promise.resolve(),
    stop: new AbortController().signal,
  };
  await expect(applyCommand(session, [], OPTIONS, operator)).rejects.toBeDefined();
  session.stop();
  return programs;
}

afterEach(() => jest.restoreAllMocks());

describe("an apply with a join token to deliver", () => {
  test("writes nothing, and so no token, to any host when one is another machine than the model means", async () => {
    expect(await programsOfApply({ hamal: "BC:24:11:00:00:99" })).toEqual([]);
  });

  test("begins when every host is the machine that the model means", async () => {
    expect(await programsOfApply()).not.toEqual([]);
  });
});
