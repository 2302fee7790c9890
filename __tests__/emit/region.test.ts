import fs from "node:fs";
import { join } from "node:path";
import { planEmission } from "../../src/emit/emission";
import { END, START } from "../../src/emit/region";
import { describeRefusal, describeStale } from "../../src/emit/report";
import { withHeader } from "../../src/emit/header";
import { applyPlan } from "../../src/emit/writer";
import { emission, inTempFolder, put, read } from "./folder";

const DOCUMENT = "k8s/README.md";
const region = (body: string): string => withHeader("README.md", `\n${body}\n\n`);

/** Plans a folder `nix` next to a document with that text, whose region is to get that body. */
function planFor(project: string, body: string, accepted: readonly string[] = []) {
  const folder = join(project, "nix");
  const regions = new Map([[`../${DOCUMENT}`, region(body)]]);
  const shown = accepted.map((path) => join(project, path));
  return planEmission(emission(folder, { "a/b.nix": "{ }\n" }, { regions, accepted: new Set(shown) }));
}

/** The document after an emission. */
function emitted(text: string, body: string): string {
  return inTempFolder((project) => {
    put(project, DOCUMENT, text);
    applyPlan(planFor(project, body));
    return read(project, DOCUMENT);
  });
}

/** Why the emission is refused, as a person reads it. Nothing may have been written. */
function refused(text: string, body: string, accepted: readonly string[] = []): string {
  return inTempFolder((project) => {
    put(project, DOCUMENT, text);
    const plan = planFor(project, body, accepted);
    expect(() => applyPlan(plan)).toThrow();
    expect(read(project, DOCUMENT)).toBe(text);
    expect(fs.existsSync(join(project, "nix"))).toBe(false);
    return plan.refusals.map(describeRefusal).join("\n").replaceAll(`${project}/`, "");
  });
}

const around = (between: string): string => `# Mine\n\n  ${START}  \n${between}${END}\n\nmine, too\n`;

describe("a marked region", () => {
  test.each([
    ["is filled when it is empty", () => ""],
    ["is filled when there are empty lines", () => "\n \n"],
    ["is replaced when it is as it was written", () => region("old")],
    ["is replaced when git merged it", () => `<<<<<<< a\n${region("x")}=======\n${region("y")}>>>>>>> b\n`],
  ])("%s", (_, there) => {
    expect(emitted(around(there()), "new")).toBe(around(region("new")));
  });

  test("is not written again when nothing changes", () => {
    inTempFolder((project) => {
      put(project, DOCUMENT, around(region("same")));
      expect(planFor(project, "same").writes.map(({ path }) => path)).not.toContain(`../${DOCUMENT}`);
    });
  });

  test("keeps CRLF line ends", () => {
    const windows = (text: string): string => text.replaceAll("\n", "\r\n");
    expect(emitted(windows(around(region("old"))), "new")).toBe(windows(around(region("new"))));
  });

  test("may be at the end of a file without a final line break", () => {
    expect(emitted(`${START}\n${END}`, "new")).toBe(`${START}\n${region("new")}${END}`);
  });

  test("keeps the file's mode, and leaves no folder behind", () => {
    inTempFolder((project) => {
      put(project, DOCUMENT, around(""));
      fs.chmodSync(join(project, DOCUMENT), 0o600);
      applyPlan(planFor(project, "new"));
      expect(fs.statSync(join(project, DOCUMENT)).mode & 0o777).toBe(0o600);
      expect(fs.readdirSync(project).sort()).toEqual(["k8s", "nix"]);
      expect(fs.readdirSync(join(project, "nix")).sort()).toEqual(["a", "cluster.json"]);
    });
  });

  test("is shown as stale, with a diff, by a check", () => {
    inTempFolder((project) => {
      put(project, DOCUMENT, around(region("old")));
      const stale = describeStale(planFor(project, "new")).replaceAll(`${project}/`, "");
      expect(stale).toMatch(/^ {2}stale +k8s\/README\.md$/m);
      expect(stale).toMatch(/^-old\n\+new$/m);
    });
  });
});

describe("what stands in a region is not overwritten", () => {
  test.each([
    ["when people wrote it", () => "- my node\n", "was not written by HostFiles"],
    [
      "when people edited it",
      () => region("old").replace("old", "edited"),
      "was edited by hand after HostFiles",
    ],
  ])("%s", (_, there, why) => {
    const message = refused(around(there()), "new");
    expect(message).toContain(`k8s/README.md ${why}`);
    expect(message).toContain("npm run synth -- --accept k8s/README.md");
  });

  test("unless its owner gives it up", () => {
    inTempFolder((project) => {
      put(project, DOCUMENT, around("- my node\n"));
      applyPlan(planFor(project, "new", [DOCUMENT]));
      expect(read(project, DOCUMENT)).toBe(around(region("new")));
    });
  });
});

describe("a document is refused as a whole", () => {
  const NEEDS = `It needs one line ${START} and, below, one line ${END}`;
  test.each([
    ["without a start", `a\n${END}\n`, `has no ${START}. ${NEEDS}`],
    ["without an end", `${START}\nb\n`, `has no ${END}. ${NEEDS}`],
    ["without marks", "a\n", `has no ${START} and has no ${END}. ${NEEDS}`],
    ["with a doubled start", `${START}\n${START}\n${END}\n`, `has ${START} in lines 1, 2. ${NEEDS}`],
    ["with a doubled end", `${START}\n${END}\n\n${END}\n`, `has ${END} in lines 2, 4. ${NEEDS}`],
    [
      "with marks the wrong way round",
      `${END}\n${START}\n`,
      `has ${END} in line 1 above ${START} in line 2. ${NEEDS}`,
    ],
    ["with a mark amid a line", `see ${START}\n${END}\n`, `has no ${START}. ${NEEDS}`],
  ])("%s", (_, text, why) => {
    expect(refused(text, "new")).toBe(`k8s/README.md ${why}`);
  });

  test("when it is missing, a link, or not UTF-8", () => {
    inTempFolder((project) => {
      const why = (): string =>
        planFor(project, "new")
          .refusals.map(({ why }) => why)
          .join();
      expect(why()).toBe("does not exist");
      fs.mkdirSync(join(project, "k8s"));
      fs.symlinkSync("../elsewhere.md", join(project, DOCUMENT));
      expect(why()).toBe("is not a file");
      fs.rmSync(join(project, DOCUMENT));
      fs.writeFileSync(
        join(project, DOCUMENT),
        Buffer.concat([Buffer.from([0xff]), Buffer.from(around(""))]),
      );
      expect(why()).toBe("is not UTF-8");
    });
  });
});
