/** What a stopped preview leaves behind, and what the code that it runs can reach. */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { Project } from "../project";
import { describeWith, NETWORK_NAMESPACES, ownNetwork } from "./tools";

function committed(): Project {
  const project = new Project();
  project.git("init", "--quiet", "--initial-branch=main");
  project.git("add", "--all");
  project.git("commit", "--quiet", "--message=base");
  return project;
}

const PROGRAM = [CLI, "preview"] as const;

/** Folders of previews, without what tsx keeps. */
const left = (temporary: string): string[] =>
  readdirSync(temporary).filter((name) => name.startsWith("k3s-preview-"));

/** Processes whose working folder is in a tree of the preview. */
const appsIn = (temporary: string): string[] =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name) && folderOf(name).startsWith(`${temporary}/`));

function folderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // it has ended
  }
}

/** Makes a preview slow to handle a signal, as on a busy machine. */
const BUSY = `
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
if (process.argv[2] === "preview") process.on("SIGINT", pause).on("SIGTERM", pause);
`;

/** Starts a preview, and stops it by that signal once it runs both apps. */
async function stoppedBy(
  signal: NodeJS.Signals,
  project: Project,
  temporary: string,
): Promise<number | null> {
  const busy = join(temporary, "busy.cjs");
  writeFileSync(busy, BUSY);
  const child = spawn(CLI, ["preview"], {
    cwd: project.folder,
    env: { ...process.env, TMPDIR: temporary, NODE_OPTIONS: `--require ${busy}` },
    stdio: "ignore",
    detached: true,
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  while (appsIn(temporary).length < 2 && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  process.kill(-(child.pid as number), signal);
  return closed;
}

describe("a preview that is interrupted", () => {
  test.each<NodeJS.Signals>(["SIGINT", "SIGTERM"])(
    "by %s leaves no process, no folder and no worktree",
    async (signal) => {
      const [project, temporary] = [committed(), temporaryFolder()];
      expect(await stoppedBy(signal, project, temporary)).toBe(130);
      expect(left(temporary)).toEqual([]);
      expect(appsIn(temporary)).toEqual([]);
      expect(project.git("worktree", "list").trim().split("\n")).toHaveLength(1);
    },
  );
});

describeWith([NETWORK_NAMESPACES], "without a network", () => {
  test("and without credentials, there is a preview", () => {
    const project = committed();
    project.edit("main.ts", (text) => text.replace("cores: 4", "cores: 8"));
    const [program, ...words] = [...(ownNetwork() ?? []), ...PROGRAM] as const;
    const { status, stdout } = spawnSync(program, words, {
      cwd: project.folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: temporaryFolder() },
    });
    expect([status, stdout]).toEqual([0, expect.stringContaining("VMs +0 ~3 -0")]);
  });
});

/** Runs a preview whose app reports the result of the given code, and fails. */
function said(code: string, env: NodeJS.ProcessEnv = {}): string {
  const project = committed();
  project.edit("main.ts", (text) => `${code}\n${text}`);
  const [program, ...words] = PROGRAM;
  const { stdout } = spawnSync(program, words, {
    cwd: project.folder,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return stdout;
}

test("an app that a preview runs sees none of the operator's environment but a few harmless names", () => {
  const planted = {
    PROXMOX_VE_API_TOKEN: "planted-token",
    SSH_AUTH_SOCK: "/planted",
    TF_VAR_x: "planted-var",
  };
  const words = said(
    'throw new Error("names: " + Object.keys(process.env).sort().join(" ") + " end");',
    planted,
  );
  const names = /names: (.*) end/.exec(words)?.[1]?.split(" ") ?? [];
  const own = ["CDKTF_CONTEXT_JSON", "CDKTF_OUTDIR", "CHECKPOINT_DISABLE", "HOME", "TMPDIR"];
  const harmless = ["LANG", "LC_ALL", "LC_CTYPE", "PATH", "PWD", "OLDPWD", "SHLVL", "TZ", "_"];
  // npx adds its own settings of this machine and of the package.
  const npx = /^(npm_.*|COLOR|EDITOR|INIT_CWD|NODE)$/;
  expect(names).toEqual(expect.arrayContaining(own));
  expect(names.filter((name) => ![...own, ...harmless].includes(name) && !npx.test(name))).toEqual([]);
});

test("an app that a preview runs has a home of its own", () => {
  const HOME = temporaryFolder();
  const words = said('throw new Error(`home: ${require("node:os").homedir()}`);', { HOME });
  expect(words).toMatch(/Error: home: \S+\/k3s-preview-\w+\/working\.out\.own\/home\n/);
});

describeWith([NETWORK_NAMESPACES], "the network", () => {
  test("is out of reach for an app that a preview runs, loopback included", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const connect = `require("node:net").connect(${port}, "127.0.0.1")`;
    const words = said(
      `${connect}.on("connect", () => { throw new Error("reached"); }).on("error", ({ code }) => { throw new Error("not " + code); });\n` +
        "setTimeout(() => undefined, 5000);",
    );
    server.close();
    expect(words).toContain("not ENETUNREACH");
  });
});
