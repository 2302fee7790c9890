import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProject } from "../package/copy";
import type { Ran } from "../namespaces/supervisor";
import { atTerminal } from "./pty";
import { COLUMNS } from "./screen";
import type { Scene, Step } from "./story";

/** A step, and all that the terminal was sent. */
export interface Played extends Step {
  readonly sent: string;
}

/** Runs a program with more in its environment. */
export type Run = (
  argv: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
) => Promise<Ran>;

/** After this statement of main.ts the story writes its own. */
const LAST_NODE = /^new K3sAgentNode.*"mizar".*\n/m;

const ENVIRONMENT = {
  npm_config_loglevel: "silent", // as in the documents: without npm's own lines
  GIT_CONFIG_PARAMETERS: "'color.ui=always'", // in a pipe too
};

/** The person of the story, with a project and its commit. */
export class Owner {
  private statement = "";

  private constructor(
    public readonly project: string,
    private readonly run: Run,
  ) {}

  /** @param folder empty; the join token is expected in its file `token` */
  public static begin(folder: string, publicKey: string, run: Run): Owner {
    const owner = new Owner(join(folder, "project"), run);
    mkdirSync(owner.project);
    copyProject(owner.project);
    writeFileSync(join(owner.project, "authorized_keys"), `${publicKey}\n`);
    owner.edit((text) =>
      text.replace(/^( *)authorizedKeysFile:/m, '$1rollout: { tokenPath: "../token" },\n$&'),
    );
    owner.command("npm", "run", "--silent", "synth");
    owner.command("git", "init", "-q");
    owner.command("git", "add", "-A");
    const person = ["-c", "user.name=A Person", "-c", "user.email=a.person@example.org"];
    owner.command("git", ...person, "commit", "-qm", "Three nodes");
    return owner;
  }

  /** Copies what is emitted with that statement in main.ts, or without any. */
  public emitted(statement: string, to: string): void {
    this.write(statement);
    this.command("npm", "run", "--silent", "synth");
    cpSync(join(this.project, "nix"), to, { recursive: true });
    this.command("git", "checkout", "-q", ".");
    this.command("git", "clean", "-dfq");
    this.statement = "";
  }

  /** @throws Error when a command ends otherwise than the story says */
  public async play({ steps }: Scene): Promise<readonly Played[]> {
    const played: Played[] = [];
    for (const step of steps) {
      if (step.statement !== undefined) this.write(`${step.statement}\n`);
      const { status, stdout, stderr } = await this.run(
        atTerminal(step.typed, COLUMNS, step.answer),
        this.project,
        ENVIRONMENT,
      );
      if (status !== (step.status ?? 0)) throw new Error(`${step.typed}: ${status} ${stdout}${stderr}`);
      played.push({ ...step, sent: stdout });
    }
    return played;
  }

  /** Into main.ts, in place of what was written last. */
  private write(statement: string): void {
    this.edit((text) => text.replace(this.statement, "").replace(LAST_NODE, (node) => node + statement));
    this.statement = statement;
  }

  private edit(change: (text: string) => string): void {
    const main = join(this.project, "main.ts");
    writeFileSync(main, change(readFileSync(main, "utf8")));
  }

  private command(program: string, ...words: string[]): void {
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: this.project, encoding: "utf8" });
    if (status !== 0) throw new Error(`${program} ${words.join(" ")}: ${stdout}${stderr}`);
  }
}
