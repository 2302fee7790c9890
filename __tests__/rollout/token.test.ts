/** The join token on the operator's machine, with a real git. */
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../src/base/user-error";
import type { RolloutSettings } from "../../src/config/settings";
import type { Description } from "../../src/rollout/description";
import { Redactor } from "../../src/rollout/secrets";
import { readTokens } from "../../src/rollout/token";
import { REPOSITORY, temporaryFolder } from "../fixture";
import { Project } from "../project";

const TOKEN = "planted-5ca1ab1e5ca1ab1e";

const read = async (rollout: RolloutSettings): Promise<string | undefined> =>
  (await readTokens({ rollout } as Description, new Redactor())).server;

/** The reason why no token was read. */
const refusal = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => "",
    (error: unknown) => messageOf(error),
  );

/** A project in git, whose `.gitignore` has the given text, and its file with the token. */
function withToken(ignored = ""): { readonly token: string; readonly project: Project } {
  const project = new Project();
  project.git("init", "-q");
  project.write(".gitignore", ignored);
  project.write("secrets/token", `${TOKEN}\n`);
  return { token: project.path("secrets", "token"), project };
}

describe("a file with the join token", () => {
  test("that the next commit would include is refused, and its content not repeated", async () => {
    const { token } = withToken();
    const why = await refusal(read({ tokenPath: token }));
    expect(why).toContain(`${token}, which contains the join token, is not ignored by git`);
    expect(why).toContain("move it out of the project, or add it to .gitignore");
    expect(why).not.toContain(TOKEN);
  });

  test("that git tracks is refused, even if it is ignored now", async () => {
    const { token, project } = withToken("secrets/\n");
    project.git("add", "--force", token);
    const why = await refusal(read({ tokenPath: token }));
    expect(why).toContain(`${token}, which contains the join token, is in git`);
    expect(why).toContain("'Rotate the join token'");
  });

  test("that git does not track is refused behind a link, too", async () => {
    const { token } = withToken();
    const link = join(temporaryFolder(), "link");
    symlinkSync(token, link);
    await expect(read({ tokenPath: link })).rejects.toThrow("is not ignored by git");
  });

  test("that git ignores is read", async () => {
    expect(await read({ tokenPath: withToken("/secrets/\n").token })).toBe(TOKEN);
  });

  test("outside of git is read, even if git would take its name for a pattern", async () => {
    const path = join(temporaryFolder(), ":(top)*");
    writeFileSync(path, TOKEN);
    expect(await read({ tokenPath: path })).toBe(TOKEN);
  });

  /** Reads the token with other environment variables. */
  const readWith = (path: string, env: Record<string, string>): string => {
    const script = `
      const { readTokens } = require("./src/rollout/token.ts");
      readTokens({ rollout: { tokenPath: ${JSON.stringify(path)} } }, { learn() {} }).then(({ server }) => console.log(server));`;
    const options = { cwd: REPOSITORY, env, encoding: "utf8" } as const;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--require", "tsx/cjs", "--eval", script],
      options,
    );
    return stdout + stderr;
  };

  test("in a repository is refused when git is missing, and read elsewhere", () => {
    const env = { PATH: temporaryFolder() };
    expect(readWith(withToken("secrets/\n").token, env)).toContain(
      "git does not tell whether it would commit it",
    );
    const path = join(temporaryFolder(), "token");
    writeFileSync(path, TOKEN);
    expect(readWith(path, env)).toBe(`${TOKEN}\n`);
  });

  test("is refused even if the environment names another repository", () => {
    const { PATH = "" } = process.env;
    const other = new Project();
    other.git("init", "-q");
    const env = { PATH, GIT_DIR: other.path(".git"), GIT_WORK_TREE: other.path() };
    expect(readWith(withToken().token, env)).toContain("is not ignored by git");
  });

  test("in a repository that git does not trust is refused", async () => {
    const { token, project } = withToken("secrets/\n");
    spawnSync("chown", ["-R", "65534", project.path()]);
    if (process.getuid?.() === 0)
      await expect(read({ tokenPath: token })).rejects.toThrow(/git does not tell.*dubious ownership/);
  });

  test("that is missing is named", async () => {
    const path = join(temporaryFolder(), "token");
    await expect(read({ tokenPath: path })).rejects.toThrow(
      /^The join token cannot be read: .*ENOENT.*tokenPath of main/,
    );
  });
});

test("a command's output is the join token; a command that fails is named, and its output not repeated", async () => {
  expect(await read({ tokenCommand: ["echo", TOKEN] })).toBe(TOKEN);
  const failing = await refusal(read({ tokenCommand: ["sh", "-c", `echo ${TOKEN}; exit 3`] }));
  expect(failing).toContain("sh does not provide the join token: it exited with 3");
  expect(failing).not.toContain(TOKEN);
  const wordy = await refusal(read({ tokenCommand: ["echo", `${TOKEN} and more`] }));
  expect(wordy).toContain("The join token should be one word");
  expect(wordy).not.toContain(TOKEN);
  const missing = await refusal(read({ tokenCommand: ["program-that-is-not-there"] }));
  expect(missing).toContain("program-that-is-not-there does not start");
});

test.each([
  ["K3s' long form", `K10${"ab".repeat(32)}::node:5ca1ab1e5ca1ab1e`, "should be a plain password"],
  ["a bootstrap token", "abcdef.0123456789abcdef", "should be a plain password"],
  ["the servers' token", TOKEN, "equals the servers'"],
])("agents have no token that is %s", async (_, agent, words) => {
  const rollout = { tokenCommand: ["echo", TOKEN], agentTokenCommand: ["echo", agent] };
  const why = await refusal(readTokens({ rollout } as unknown as Description, new Redactor()));
  expect(why).toContain(words);
  expect(why).not.toContain(agent);
});

test("without a source there is no token", async () => {
  expect(await read({})).toBeUndefined();
});
