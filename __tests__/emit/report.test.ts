import fs from "node:fs";
import { join } from "node:path";
import { planEmission } from "../../src/emit/emission";
import { describeRefusal, describeStale } from "../../src/emit/report";
import { emission, emit, inTempFolder, put, read, type Bodies } from "./folder";

const AGENT = "k3s-agent/configuration.nix";
const numbered = (count: number, word: string) =>
  Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join("");

/** Runs `claim` in a working directory with a folder `nix`, into which `bodies` were emitted. */
function inProject(bodies: Bodies, claim: () => void): void {
  inTempFolder((root) => {
    const home = process.cwd();
    process.chdir(root);
    try {
      emit("nix", bodies);
      claim();
    } finally {
      process.chdir(home);
    }
  });
}

const stale = (bodies: Bodies) => describeStale(planEmission(emission("nix", bodies)));
const refusal = (bodies: Bodies) =>
  planEmission(emission("nix", bodies)).refusals.map(describeRefusal).join();

describe("a refusal", () => {
  test("names the file, shows what would be lost, and gives the exact command to continue", () =>
    inProject({ [AGENT]: "a\nb\nc\n" }, () => {
      put("nix", AGENT, read("nix", AGENT).replace("b\n", "by hand\n"));
      expect(refusal({ [AGENT]: "a\nb\nc\n" })).toBe(
        [
          `nix/${AGENT} was edited by hand after HostFiles wrote it:`,
          `--- nix/${AGENT}\tthere now`,
          `+++ nix/${AGENT}\tfrom HostFiles`,
          "@@ -1,5 +1,5 @@",
          ` ${read("nix", AGENT).split("\n")[0]}`,
          ` ${read("nix", AGENT).split("\n")[1]}`,
          " a",
          "-by hand",
          "+b",
          " c",
          "Put a host's own additions into its local.nix. To overwrite the file:",
          `  npm run synth -- --accept nix/${AGENT}`,
        ].join("\n"),
      );
    }));

  test("shortens a long diff, and says by how much", () =>
    inProject({}, () => {
      put("nix", AGENT, numbered(100, "theirs"));
      const lines = refusal({ [AGENT]: "ours\n" }).split("\n");
      expect(lines).toHaveLength(1 + 40 + 1 + 2);
      // 2 headers, 1 hunk, 100 lines out, 3 lines in; 40 are shown.
      expect(lines[41]).toBe("(and 66 more lines of this diff)");
    }));

  test("does not take minutes for two texts that have nothing in common", () =>
    inProject({}, () => {
      put("nix", AGENT, numbered(20_000, "theirs"));
      expect(refusal({ [AGENT]: numbered(20_000, "ours") })).toContain("(more than 2000 lines differ)");
    }));

  test("names a file with a space as one word of the shell", () => {
    const refused = {
      path: "k8s/our notes.md",
      why: "was edited",
      remedy: "",
      loss: { there: "a", wanted: "b" },
    };
    expect(describeRefusal(refused)).toContain("npm run synth -- --accept 'k8s/our notes.md'");
  });

  test("of something that is not a file shows no flag, since no flag helps", () =>
    inProject({}, () => {
      fs.mkdirSync(join("nix", AGENT), { recursive: true });
      expect(refusal({ [AGENT]: "ours\n" })).toBe(
        `nix/${AGENT} is a directory. HostFiles only replaces regular files. Move it away, then run: npm run synth`,
      );
    }));
});

describe("what is stale", () => {
  test("is an empty list after a run", () =>
    inProject({ [AGENT]: "agent\n" }, () => {
      expect(stale({ [AGENT]: "agent\n" })).toBe("");
    }));

  test("is every file that is missing, differs, is left over or is refused", () =>
    inProject({ [AGENT]: "agent\n", "gone/configuration.nix": "gone\n" }, () => {
      put("nix", "edited/configuration.nix", "by hand\n");
      const text = stale({
        [AGENT]: "changed\n",
        "new/configuration.nix": "new\n",
        "edited/configuration.nix": "ours\n",
      });
      expect(text.split("\n").slice(0, 6)).toEqual([
        "These files do not match main.ts (5 in nix):",
        `  stale      nix/${AGENT}`,
        "  missing    nix/new/configuration.nix",
        "  stale      nix/cluster.json",
        "  left over  nix/gone/configuration.nix",
        "  refused    nix/edited/configuration.nix",
      ]);
      expect(text).toMatch(/\n-agent\n.*\n\+changed\n/);
      expect(text).toContain("\n-by hand\n");
      expect(text).toContain("npm run synth -- --accept nix/edited/configuration.nix");
    }));

  test("is a file that differs only in its line ends, without a diff of every line", () =>
    inProject({ [AGENT]: "agent\n" }, () => {
      put("nix", AGENT, read("nix", AGENT).replaceAll("\n", "\r\n"));
      expect(stale({ [AGENT]: "agent\n" })).toBe(
        [
          "These files do not match main.ts (1 in nix):",
          `  stale  nix/${AGENT}`,
          "",
          "(the lines are the same; their ends or their encoding differ)",
        ].join("\n"),
      );
    }));

  test("is limited in length, and says what was left out", () => {
    const hosts = (text: string) =>
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`host-${index}/nftables.nft`, text]));
    inProject(hosts(numbered(100, "old")), () => {
      const text = stale(hosts(numbered(100, "new")));
      expect(text).toContain("\n  and 100 more");
      expect(text).toMatch(/\nThe diffs of \d+ more are not shown\.$/);
      expect(text.split("\n").length).toBeLessThan(600);
    });
  });
});
