import { dirname, join } from "node:path";
import { appOf } from "../emit/app";
import { shellWord } from "../base/escape";
import { ExitCode } from "./exit-code";
import { runInForeground } from "./foreground";

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
  const status = await runInForeground(process.execPath, [cdktf, "synth", ...app, ...words], { env });
  return status === 0 ? ExitCode.Done : ExitCode.Failed;
}
