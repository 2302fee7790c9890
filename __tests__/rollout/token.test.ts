/** The join token on the operator's machine, with a real git. */
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RolloutSettings } from "../../cluster/settings";
import type { Description } from "../../rollout/description";
import { Blanker } from "../../rollout/secrets";
import { readToken } from "../../rollout/token";
import { REPOSITORY, temporaryFolder } from "../fixture";
import { Project } from "../project";

const TOKEN = "planted-5ca1ab1e5ca1ab1e";

const read = (rollout: RolloutSettings): string | undefined =>
  readToken({ rollout } as Description, new Blanker());

/** A project under git, in which `.gitignore` has the given text, and its file with the token. */
function withToken(ignored = ""): { readonly token: string; readonly project: Project } {
  const project = new Project();
  project.git("init", "-q");
  project.write(".gitignore", ignored);
  project.write("secrets/token", `${TOKEN}\n`);
  return { token: project.path("secrets", "token"), project };
}

describe("a file with the join token", () => {
  test("that the next commit would take is refused, and its content not repeated", () => {
    const { token } = withToken();
    const reading = (): unknown => read({ tokenPath: token });
    expect(reading).toThrow(`${token}, which has the join token, is not ignored by git`);
    expect(reading).toThrow("move it out of the project, or name it in .gitignore");
    expect(reading).not.toThrow(TOKEN);
  });

  test("that is in git is refused, also where it is ignored now", () => {
    const { token, project } = withToken("secrets/\n");
    project.git("add", "--force", token);
    expect(() => read({ tokenPath: token })).toThrow(`${token}, which has the join token, is in git`);
    expect(() => read({ tokenPath: token })).toThrow("'Rotate the join token'");
  });

  test("that git does not know is refused behind a link, too", () => {
    const { token } = withToken();
    const link = join(temporaryFolder(), "link");
    symlinkSync(token, link);
    expect(() => read({ tokenPath: link })).toThrow("is not ignored by git");
  });

  test("that git ignores is read", () => {
    expect(read({ tokenPath: withToken("/secrets/\n").token })).toBe(TOKEN);
  });

  test("outside of git is read, with a name that git would take for a pattern", () => {
    const path = join(temporaryFolder(), ":(top)*");
    writeFileSync(path, TOKEN);
    expect(read({ tokenPath: path })).toBe(TOKEN);
  });

  test("is read where there is no git", () => {
    const { token } = withToken();
    const script = `
      const { readToken } = require("./rollout/token.ts");
      console.log(readToken({ rollout: { tokenPath: ${JSON.stringify(token)} } }, { learn() {} }));`;
    const env = { PATH: temporaryFolder() };
    const options = { cwd: REPOSITORY, env, encoding: "utf8" } as const;
    expect(spawnSync(process.execPath, ["--require", "tsx/cjs", "--eval", script], options).stdout).toBe(
      `${TOKEN}\n`,
    );
  });

  test("that is not there is named", () => {
    const path = join(temporaryFolder(), "token");
    expect(() => read({ tokenPath: path })).toThrow(
      /^The join token cannot be read: .*ENOENT.*tokenPath of main/,
    );
  });
});

test("a command's output is the join token; what fails is named, and its output not repeated", () => {
  expect(read({ tokenCommand: ["echo", TOKEN] })).toBe(TOKEN);
  const failing = (): unknown => read({ tokenCommand: ["sh", "-c", `echo ${TOKEN}; exit 3`] });
  expect(failing).toThrow("The join token cannot be had from sh: it ended with 3");
  expect(failing).not.toThrow(TOKEN);
  const wordy = (): unknown => read({ tokenCommand: ["echo", `${TOKEN} and more`] });
  expect(wordy).toThrow("The join token should be one word");
  expect(wordy).not.toThrow(TOKEN);
});

test("without a source there is no token", () => {
  expect(read({})).toBeUndefined();
});
