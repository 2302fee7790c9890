import { UserError } from "../../src/base/user-error";
import type { Build } from "../../src/rollout/build";
import { Host } from "../../src/rollout/host";
import { keepTested } from "../../src/rollout/return";
import { Report } from "../../src/rollout/script";
import { ALPHARD } from "../fixture";
import { described, hosts } from "./plan-context";

const BUILT: Build = { path: "/nix/store/new", release: "", k3sVersion: "", reboot: [], refusal: "" };
const REPORT = new Report("@current /nix/store/new");

/** Keeps the system of a host whose programs give these answers. */
function keptOn(answers: Readonly<Record<string, () => Promise<unknown>>>): Promise<Report> {
  jest.spyOn(Host.prototype, "call").mockImplementation((program) => answers[program]?.() as Promise<Report>);
  const [host] = hosts(described([ALPHARD]));
  return keepTested(host as Host, "commit", BUILT, (_, report, why) =>
    Promise.reject(new Error(`${why}, at ${report.one("current")}`)),
  );
}

const fails = (code: "connection lost" | "unreachable" | "failed") => (): Promise<never> =>
  Promise.reject(new UserError(code, "it broke", { host: "alphard" }));

afterEach(() => jest.restoreAllMocks());

describe("the system under test", () => {
  test("is kept: what the host reports is returned", async () => {
    expect(await keptOn({ commit: () => Promise.resolve(REPORT) })).toBe(REPORT);
  });

  test.each(["connection lost", "unreachable"] as const)(
    "is left to the host after '%s', and nothing else runs there",
    async (code) => {
      await expect(keptOn({ commit: fails(code) })).rejects.toMatchObject({
        code,
        host: "alphard",
        problem:
          "it broke. The host finishes what it has begun, or reverts by itself; run the same command again to find out",
      });
    },
  );

  test("could not be kept: the caller decides, from the reason and the host's state", async () => {
    const answers = { commit: fails("failed"), inspect: () => Promise.resolve(REPORT) };
    await expect(keptOn(answers)).rejects.toThrow("it broke, at /nix/store/new");
  });
});
