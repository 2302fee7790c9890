import { dirname, join } from "node:path";
import { shellWord } from "../base/escape";
import { runInForeground } from "../base/process";
import { appOf } from "../emit/app";
import { ExitCode } from "./exit-code";
import { interruptible } from "./interruption";

interface Options {
  /** Files and Terraform addresses. */
  readonly accept: readonly string[];
}

/** `synth`: runs `cdktf synth`, without its question to HashiCorp for a newer version. */
export async function synth(words: readonly string[], { accept }: Options): Promise<ExitCode> {
  const cdktf = join(dirname(require.resolve("cdktf-cli/package.json")), "bundle", "bin", "cdktf");
  const env = { ...process.env, CHECKPOINT_DISABLE: "1" };
  const app =
    accept.length > 0 ? ["--app", `${appOf(".").app} ${shellWord(JSON.stringify({ accept }))}`] : [];
  return interruptible(async (interruption) => {
    const status = await runInForeground(process.execPath, [cdktf, "synth", ...app, ...words], interruption, {
      env,
    });
    if (interruption.stop.aborted) return ExitCode.Interrupted;
    return status === 0 ? ExitCode.Done : ExitCode.Failed;
  });
}
