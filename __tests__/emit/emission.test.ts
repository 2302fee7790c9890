import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { planEmission } from "../../src/emit/emission";
import { applyPlan } from "../../src/emit/writer";
import { emission, emit, inTempFolder, LIST, put, read, texts, tree, type Bodies } from "./folder";

const AGENT = "k3s-agent/configuration.nix";
const RULES = "k3s-agent/nftables.nft";
const SERVER = "k3s-server/configuration.nix";
const before: Bodies = { [SERVER]: "server\n", [AGENT]: "agent\n", [RULES]: "rules\n" };
const after: Bodies = { ...before, [AGENT]: "agent, changed\n" };
const withoutAgent: Bodies = { [SERVER]: "server\n" };

/** Runs `claim` in a folder into which `before` was emitted. */
const afterFirstRun = (claim: (folder: string) => void) => () =>
  inTempFolder((folder) => {
    emit(folder, before);
    claim(folder);
  });

/** What a plan refuses. Applying the plan is refused as a whole. */
function refusals(folder: string, bodies: Bodies, accepted: readonly string[] = []) {
  const plan = planEmission(
    emission(folder, bodies, { accepted: new Set(accepted.map((it) => join(folder, it))) }),
  );
  const there = tree(folder);
  if (plan.refusals.length > 0) {
    expect(() => applyPlan(plan)).toThrow(plan.refusals[0]?.path);
    expect(tree(folder)).toEqual(there);
  }
  return plan.refusals.map(({ path, why }) => `${path.slice(folder.length + 1)} ${why}`);
}

describe("what is written", () => {
  test("a new folder holds exactly the files", () =>
    inTempFolder((parent) => {
      const folder = join(parent, "deep", "nix");
      emit(folder, before);
      expect(tree(folder)).toEqual(texts(before));
    }));

  test(
    "planning writes nothing",
    afterFirstRun((folder) => {
      planEmission(emission(folder, withoutAgent));
      expect(tree(folder)).toEqual(texts(before));
    }),
  );

  test(
    "a file with unchanged content keeps its inode and its modification time",
    afterFirstRun((folder) => {
      fs.utimesSync(join(folder, SERVER), 1, 1);
      const { ino } = fs.statSync(join(folder, SERVER));
      const plan = emit(folder, after);
      expect(plan.writes.map(({ path }) => path)).toEqual([AGENT]);
      expect(fs.statSync(join(folder, SERVER))).toMatchObject({ ino, mtimeMs: 1000 });
      expect(tree(folder)).toEqual(texts(after));
    }),
  );

  test(
    "a second run that changes nothing touches nothing",
    afterFirstRun((folder) => {
      const { mtimeMs } = fs.statSync(folder);
      emit(folder, before);
      expect(fs.statSync(folder).mtimeMs).toBe(mtimeMs);
    }),
  );

  test("files have mode 0644, reduced by the umask", () =>
    inTempFolder((folder) => {
      const mask = process.umask(0o027);
      emit(folder, before);
      process.umask(mask);
      expect(fs.statSync(join(folder, AGENT)).mode & 0o777).toBe(0o640);
    }));

  test(
    "a checkout with CRLF line ends is rewritten without refusal",
    afterFirstRun((folder) => {
      put(folder, AGENT, read(folder, AGENT).replaceAll("\n", "\r\n"));
      emit(folder, before);
      expect(tree(folder)).toEqual(texts(before));
    }),
  );

  test(
    "an empty file is rewritten without refusal",
    afterFirstRun((folder) => {
      put(folder, AGENT, "");
      emit(folder, before);
      expect(tree(folder)).toEqual(texts(before));
    }),
  );

  test.each([
    "/etc/passwd",
    "../x.nix",
    "a/../../x.nix",
    "a//x.nix",
    "a\\x.nix",
    "./x.nix",
    ".staging-1-a/x.nix",
    "",
  ])("the path %j is a fault of the program", (path) =>
    inTempFolder((folder) => {
      const files = new Map([[path, "text"]]);
      expect(() => planEmission(emission(folder, {}, { files }))).toThrow(`'${path}'`);
    }),
  );
});

describe("what is refused", () => {
  test(
    "a file that was edited by hand",
    afterFirstRun((folder) => {
      put(folder, AGENT, `${read(folder, AGENT)}edit\n`);
      expect(refusals(folder, after)).toEqual([`${AGENT} was edited by hand after HostFiles wrote it`]);
    }),
  );

  test("a file that already existed", () =>
    inTempFolder((folder) => {
      put(folder, AGENT, "{ }\n");
      expect(refusals(folder, before)).toEqual([`${AGENT} was not written by HostFiles`]);
    }));

  test(
    "the list, when it was edited by hand",
    afterFirstRun((folder) => {
      put(folder, LIST, read(folder, LIST).replace("k3s-agent", "k3s-agent-7"));
      expect(refusals(folder, before)).toEqual([`${LIST} was edited by hand after HostFiles wrote it`]);
    }),
  );

  test(
    "every such file at once",
    afterFirstRun((folder) => {
      put(folder, AGENT, "{ }\n");
      put(folder, SERVER, "{ }\n");
      expect(refusals(folder, after)).toHaveLength(2);
    }),
  );

  test(
    "but not a file with the content that would be written",
    afterFirstRun((folder) => {
      const wanted = new Map([[AGENT, "no stamp at all\n"]]);
      put(folder, AGENT, "no stamp at all\n");
      expect(planEmission(emission(folder, {}, { files: wanted, previous: [] }))).toMatchObject({
        refusals: [],
        writes: [],
      });
    }),
  );

  test(
    "but not a file that is accepted by name, and only that one",
    afterFirstRun((folder) => {
      put(folder, AGENT, "{ }\n");
      put(folder, SERVER, "{ }\n");
      expect(refusals(folder, after, [AGENT])).toEqual([`${SERVER} was not written by HostFiles`]);
      expect(refusals(folder, after, [AGENT, SERVER])).toEqual([]);
      emit(folder, after, { accepted: new Set([join(folder, AGENT), join(folder, SERVER)]) });
      expect(tree(folder)).toEqual(texts(after));
    }),
  );

  test("a path is accepted as it is shown: with the folder as the caller named it", () =>
    inTempFolder((folder) => {
      const home = process.cwd();
      process.chdir(folder);
      try {
        put("nix", AGENT, "{ }\n");
        expect(planEmission(emission("./nix", before)).refusals).toMatchObject([{ path: `nix/${AGENT}` }]);
        emit("./nix", before, { accepted: new Set([`nix/${AGENT}`]) });
      } finally {
        process.chdir(home);
      }
      expect(tree(join(folder, "nix"))).toEqual(texts(before));
    }));
});

describe("what is not a regular file is refused, and no flag helps", () => {
  const obstacles: readonly [string, string, (folder: string) => void][] = [
    [AGENT, "is a symbolic link", (folder) => fs.symlinkSync("../../precious", join(folder, AGENT))],
    [AGENT, "is a directory", (folder) => put(folder, `${AGENT}/inner`, "precious")],
    [AGENT, "is a pipe, socket or device", (folder) => execFileSync("mkfifo", [join(folder, AGENT)])],
  ];

  test.each(obstacles)("%s %s", (path, why, place) =>
    inTempFolder((parent) => {
      const folder = join(parent, "nix");
      put(parent, "precious", "precious");
      emit(folder, before);
      fs.rmSync(join(folder, path));
      place(folder);
      expect(refusals(folder, after, [path])).toEqual([`${path} ${why}`]);
      expect(read(parent, "precious")).toBe("precious");
    }),
  );

  test.each(["../outside", "k3s-server"])("a host directory that is a link to %s", (target) =>
    inTempFolder((parent) => {
      const folder = join(parent, "nix");
      emit(folder, withoutAgent);
      fs.mkdirSync(join(parent, "outside"));
      fs.symlinkSync(target, join(folder, "k3s-agent"));
      const why = "is in 'k3s-agent', which is a symbolic link";
      expect(refusals(folder, before, [AGENT, RULES])).toEqual([`${AGENT} ${why}`, `${RULES} ${why}`]);
      expect(fs.readdirSync(join(parent, "outside"))).toEqual([]);
    }),
  );

  test("a host directory that is a file", () =>
    inTempFolder((folder) => {
      put(folder, "k3s-agent", "a file");
      expect(refusals(folder, before)).toContain(`${AGENT} is in 'k3s-agent', which is a file`);
    }));
});

describe("what is removed", () => {
  test(
    "the files of a host that went away, and its directory",
    afterFirstRun((folder) => {
      emit(folder, withoutAgent);
      expect(tree(folder)).toEqual(texts(withoutAgent));
    }),
  );

  test("the directory above a host's, when it is empty as well", () =>
    inTempFolder((folder) => {
      emit(folder, { ...withoutAgent, [`site/rack/${AGENT}`]: "agent\n" });
      emit(folder, withoutAgent);
      expect(tree(folder)).toEqual(texts(withoutAgent));
    }));

  test(
    "a file that its host no longer needs, but not the directory",
    afterFirstRun((folder) => {
      const rest: Bodies = { [SERVER]: "server\n", [AGENT]: "agent\n" };
      emit(folder, rest);
      expect(tree(folder)).toEqual(texts(rest));
    }),
  );

  test(
    "an empty file, which a power cut leaves",
    afterFirstRun((folder) => {
      put(folder, AGENT, "");
      emit(folder, withoutAgent);
      expect(tree(folder)).toEqual(texts(withoutAgent));
    }),
  );

  test(
    "the directory of a host whose files somebody removed",
    afterFirstRun((folder) => {
      fs.rmSync(join(folder, AGENT));
      fs.rmSync(join(folder, RULES));
      emit(folder, withoutAgent);
      expect(tree(folder)).toEqual(texts(withoutAgent));
    }),
  );

  test.each(["local.nix", "hardware-configuration.nix"])(
    "but not a %s that somebody put next to them, nor its directory",
    (name) =>
      inTempFolder((folder) => {
        emit(folder, before);
        put(folder, `k3s-agent/${name}`, "{ }\n");
        emit(folder, withoutAgent);
        expect(tree(folder)).toEqual({ ...texts(withoutAgent), [`k3s-agent/${name}`]: "{ }\n" });
      }),
  );

  test(
    "but not a file that somebody put in the place of ours",
    afterFirstRun((folder) => {
      put(folder, AGENT, "{ }\n");
      emit(folder, withoutAgent);
      expect(tree(folder)).toEqual({ ...texts(withoutAgent), [AGENT]: "{ }\n" });
    }),
  );

  test(
    "but not a link that somebody put in the place of ours, nor what it leads to",
    afterFirstRun((folder) => {
      fs.rmSync(join(folder, AGENT));
      fs.symlinkSync(`../${SERVER}`, join(folder, AGENT));
      emit(folder, withoutAgent);
      expect(tree(folder)).toEqual({ ...texts(withoutAgent), [AGENT]: `-> ../${SERVER}` });
    }),
  );

  test(
    "but not, unless accepted, a file that was edited by hand",
    afterFirstRun((folder) => {
      put(folder, AGENT, `${read(folder, AGENT)}edit\n`);
      expect(refusals(folder, withoutAgent)).toEqual([
        `${AGENT} no longer belongs to a host, but was edited by hand`,
      ]);
      emit(folder, withoutAgent, { accepted: new Set([join(folder, AGENT)]) });
      expect(tree(folder)).toEqual(texts(withoutAgent));
    }),
  );

  test(
    "but not a file that the list does not name",
    afterFirstRun((folder) => {
      emit(folder, withoutAgent, { previous: [] });
      expect(tree(folder)).toEqual({ ...texts(before), ...texts(withoutAgent) });
    }),
  );
});

test(
  "a file that took the place of ours is never removed, not even when it is accepted",
  afterFirstRun((folder) => {
    const captured = "# Captured from hamal; HostFiles leaves this file alone.\n{ }\n";
    put(folder, AGENT, captured);
    emit(folder, withoutAgent, { accepted: new Set([join(folder, AGENT)]) });
    expect(tree(folder)).toEqual({ ...texts(withoutAgent), [AGENT]: captured });
  }),
);

describe("a list that anyone may have merged", () => {
  const hostile = [
    "../victim/ours.nix",
    "k3s-agent/../../victim/ours.nix",
    "link/ours.nix",
    "link/deep/ours.nix",
    "",
    "/",
    ".",
    "..",
    "k3s-agent",
    "k3s-agent\0.nix",
    "README.md",
  ];

  test("touches nothing outside the folder, and nothing that is not ours", () =>
    inTempFolder((parent) => {
      const folder = join(parent, "nix");
      emit(folder, before);
      // With our header, these would be removed if they were reached.
      put(parent, "victim/ours.nix", read(folder, AGENT));
      fs.mkdirSync(join(parent, "victim", "deep"));
      fs.symlinkSync("../victim", join(folder, "link"));
      put(folder, "README.md", "text\n");
      const there = tree(parent);

      const previous = [...hostile, join(parent, "victim", "ours.nix")];
      emit(folder, before, { previous });
      expect(tree(parent)).toEqual(there);
    }));
});
