import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { planEmission } from "../../src/emit/emission";
import { emission, emit, inTempFolder, LIST, put, read, texts, tree, type Bodies } from "./folder";

const FILE = "k3s-agent/nftables.nft";
const base: Bodies = { [FILE]: "one\ntwo\nthree\nfour\nfive\n" };
const first: Bodies = { [FILE]: "ONE\ntwo\nthree\nfour\nfive\n", "k3s-agent-1/nftables.nft": "first\n" };
const second: Bodies = { [FILE]: "one\ntwo\nthree\nfour\nFIVE\n", "k3s-agent-2/nftables.nft": "second\n" };
const both: Bodies = { ...first, ...second, [FILE]: "ONE\ntwo\nthree\nfour\nFIVE\n" };

const env = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "owner",
  GIT_AUTHOR_EMAIL: "owner@example.org",
  GIT_COMMITTER_NAME: "owner",
  GIT_COMMITTER_EMAIL: "owner@example.org",
};

/** A repository whose `nix` folder the tests emit into. */
class Repository {
  readonly folder: string;

  constructor(readonly root: string) {
    this.folder = join(root, "nix");
    this.git("init", "-q", "-b", "main");
  }

  git(...args: string[]): void {
    execFileSync("git", args, { cwd: this.root, env, stdio: "pipe" });
  }

  commit(bodies: Bodies): void {
    emit(this.folder, bodies);
    this.git("add", ".");
    this.git("commit", "-q", "-m", "generated");
  }

  /** Commits `ours` and `theirs` on two branches from `base`, and merges them up to the conflict. */
  mergeUpToConflict(ours: Bodies, theirs: Bodies): void {
    this.git("checkout", "-q", "-b", "theirs");
    this.commit(theirs);
    this.git("checkout", "-q", "main");
    this.commit(ours);
    const { status, stdout } = spawnSync("git", ["merge", "theirs"], {
      cwd: this.root,
      env,
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([1, expect.stringContaining("CONFLICT")]);
  }

  expectRegenerates(bodies: Bodies): void {
    expect(planEmission(emission(this.folder, bodies)).refusals).toEqual([]);
    emit(this.folder, bodies);
    expect(tree(this.folder)).toEqual(texts(bodies));
  }
}

const inRepository = (claim: (repository: Repository) => void) => () =>
  inTempFolder((root) => claim(new Repository(root)));

test(
  "a reverted commit is generated anew without refusal",
  inRepository((repository) => {
    repository.commit(base);
    repository.commit(first);
    repository.git("revert", "--no-edit", "HEAD");
    expect(tree(repository.folder)).toEqual(texts(base));
    repository.expectRegenerates(first);
  }),
);

test.each(["merge", "diff3", "zdiff3"])(
  "a merge that left conflict markers of style %s regenerates",
  (style) =>
    inRepository((repository) => {
      repository.git("config", "merge.conflictStyle", style);
      repository.commit(base);
      repository.mergeUpToConflict(first, second);
      expect(read(repository.folder, FILE)).toContain("<<<<<<< ");
      expect(read(repository.folder, LIST)).toContain("<<<<<<< ");
      repository.expectRegenerates(both);
    })(),
);

test(
  "a merge of two branches that both added a host regenerates",
  inRepository((repository) => {
    repository.git("commit", "-q", "--allow-empty", "-m", "empty");
    repository.mergeUpToConflict(first, second);
    expect(read(repository.folder, FILE)).toContain("<<<<<<< ");
    repository.expectRegenerates(both);
  }),
);

test(
  "a merge under this project's .gitattributes keeps one side and regenerates",
  inRepository((repository) => {
    fs.copyFileSync(join(__dirname, "../../.gitattributes"), join(repository.root, ".gitattributes"));
    repository.commit(base);
    repository.mergeUpToConflict(first, second);
    expect(read(repository.folder, FILE)).toBe(texts(first)[FILE]);
    repository.expectRegenerates(both);
  }),
);

test(
  "a checkout with autocrlf regenerates, also after a host went away",
  inRepository((repository) => {
    repository.commit(both);
    repository.git("config", "core.autocrlf", "true");
    fs.rmSync(repository.folder, { recursive: true });
    repository.git("checkout", "-q", ".");
    expect(read(repository.folder, FILE)).toContain("\r\n");
    repository.expectRegenerates(first);
  }),
);

test(
  "a hand edit is refused also after it was committed",
  inRepository((repository) => {
    repository.commit(base);
    put(repository.folder, FILE, `${read(repository.folder, FILE)}six\n`);
    repository.git("commit", "-q", "-a", "-m", "edited by hand");
    expect(planEmission(emission(repository.folder, first)).refusals).toHaveLength(1);
  }),
);
