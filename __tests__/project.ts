/** A copy of the repository in a temporary folder, in which commands run as an owner runs them, with the code as the package has it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProject, copyRepository } from "../testbed/package/copy";
import { temporaryFolder } from "./fixture";

export interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

export class Project {
  /**
   * @param folder @default - a new one, which is removed after the test
   * @param fill - puts the repository's files there
   */
  public constructor(
    public readonly folder = temporaryFolder(),
    fill: (folder: string) => void = copyProject,
  ) {
    fill(folder);
  }

  /** A project with the sources, which can be changed, and which write into the project what they generate. */
  public static withCode(folder = temporaryFolder()): Project {
    return new Project(folder, copyRepository);
  }

  public path(...segments: string[]): string {
    return join(this.folder, ...segments);
  }

  public text(file: string): string {
    return readFileSync(this.path(file), "utf8");
  }

  public edit(file: string, change: (text: string) => string): void {
    const before = this.text(file);
    const after = change(before);
    if (after === before) throw new Error(`${file}: the edit changed nothing`);
    this.write(file, after);
  }

  public write(file: string, text: string): void {
    const folder = join(this.path(file), "..");
    mkdirSync(folder, { recursive: true });
    if (!realpathSync(folder).startsWith(realpathSync(this.folder)))
      throw new Error(`${file} is a link to the repository's`);
    writeFileSync(this.path(file), text);
  }

  public git(...words: string[]): string {
    const names = ["-c", "user.name=A Person", "-c", "user.email=a.person@example.org"];
    const { status, stdout, stderr } = spawnSync("git", [...names, ...words], {
      cwd: this.folder,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`git ${words.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** `npm run <words>` */
  public npm(...words: string[]): Outcome {
    return outcome(this.folder, "npm", ["run", "--silent", ...words]);
  }

  /** Runs what `npm run <script> -- <words>` runs, without the second that npm takes: in a shell, with installed programs in its PATH. */
  public script(script: string, ...words: string[]): Outcome {
    const { scripts } = JSON.parse(this.text("package.json")) as { scripts: Record<string, string> };
    const PATH = `${this.path("node_modules", ".bin")}:${process.env.PATH}`;
    return outcome(this.folder, "sh", ["-c", `${scripts[script]} "$@"`, "sh", ...words], { PATH });
  }

  /** Runs a command of the program, without what a script of the repository runs after it. */
  public program(...words: string[]): Outcome {
    return outcome(this.folder, "node", ["src/cli/bin.mjs", ...words]);
  }

  /** Runs the app as the CDKTF CLI does, without the seconds that the CLI takes. */
  public synth(): Outcome {
    const { app } = JSON.parse(this.text("cdktf.json")) as { app: string };
    const words = app.replace("npx tsx", "node --import tsx");
    return outcome(this.folder, "sh", ["-c", words], { CDKTF_OUTDIR: "cdktf.out" });
  }
}

function outcome(
  cwd: string,
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Outcome {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, CI: "1", ...env },
  });
  return { status, output: stdout + stderr };
}
