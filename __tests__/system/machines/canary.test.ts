import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALPHARD, HAMAL, REFERENCE } from "../../fixture";
import { describeWith } from "../tools";
import { ALNAIR, LiveCluster, TOKEN } from "./cluster";
import { MACHINES } from "./tools";

/** Where the join token belongs. */
const ITS_PLACES = [
  /^token$/,
  /\/var\/lib\/k3s-secrets\/token$/,
  /\/var\/lib\/rancher\/k3s\/server\/token$/,
  /^machines\/cluster\/token$/,
];

describeWith(MACHINES, "the join token", () => {
  let cluster: LiveCluster;

  beforeEach(async () => {
    const settings = { rollout: { tokenCommand: ["cat", "token"] } };
    cluster = await LiveCluster.start([ALPHARD, HAMAL], [ALPHARD, HAMAL, ALNAIR], { settings });
  });
  afterEach(() => cluster?.stop());

  /** Files below a folder that contain the token and are not its proper places. */
  const leakedFiles = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !ITS_PLACES.some((place) => place.test(file.slice(folder.length + 1))))
      .filter((file) => readFileSync(file, "latin1").includes(TOKEN));

  async function leaks(during: () => Promise<string>): Promise<string[]> {
    const end = join(cluster.folder, "sampled");
    const sampling = cluster.testbed.sample(TOKEN, end);
    const output = await during();
    writeFileSync(end, "");
    const { samples, found } = await sampling;
    expect(samples).toBeGreaterThan(20);
    return [
      ...found,
      ...leakedFiles(cluster.folder),
      ...leakedFiles(cluster.testbed.folder),
      ...(output.includes(TOKEN) ? ["output"] : []),
    ];
  }

  test("is in no argument list, environment, log, file or output", async () => {
    expect(await leaks(async () => (await cluster.rollout("apply", "--yes")).mustSucceed().output)).toEqual(
      [],
    );
    expect(await cluster.testbed.on("alnair", "cat /var/lib/k3s-secrets/token")).toBe(`${TOKEN}\n`);
    expect(readdirSync(join(cluster.folder, ".rollout", "logs")).length).toBeGreaterThan(2);
  });

  test("nor where one host builds the systems of all", async () => {
    const nixpkgs = {
      rev: "0123456789abcdef0123456789abcdef01234567",
      hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    };
    cluster.emit([ALPHARD, HAMAL, ALNAIR], {
      nixos: { ...REFERENCE.nixos, nixpkgs },
      rollout: { tokenCommand: ["cat", "token"], build: "hamal" },
    });
    const apply = async (): Promise<string> => (await cluster.rollout("apply", "--yes")).mustSucceed().output;
    expect(await leaks(apply)).toEqual([]);
    expect(await cluster.testbed.on("alnair", "cat /var/lib/k3s-secrets/token")).toBe(`${TOKEN}\n`);
  });

  test("is found where it is planted", async () => {
    const found = await leaks(async () => {
      await cluster.testbed.operator(["sh", "-c", "sleep 0.3", "sh", TOKEN], cluster.folder);
      await cluster.testbed.operator(["sh", "-c", "sleep 0.3"], cluster.folder, { LEAK: TOKEN });
      writeFileSync(join(cluster.folder, "leak.log"), `x ${TOKEN} y`);
      await cluster.testbed.on("hamal", "cp /var/lib/k3s-secrets/token /tmp/leak");
      // The logs exist only because the program ran.
      return TOKEN;
    });
    const expected = [
      /^cmdline: .*sleep/,
      /^environ: .*LEAK/,
      /leak\.log$/,
      /hamal\/root\/tmp\/leak$/,
      /^output$/,
    ];
    for (const each of expected) expect(found).toContainEqual(expect.stringMatching(each));
  });
});
