import { dirname, join } from "node:path";
import { ExitCode } from "./exit-code";
import { runInForeground } from "./foreground";

/** `synth`: runs `cdktf synth`, without its question to HashiCorp for a newer version. */
export async function synth(words: readonly string[]): Promise<ExitCode> {
  const cdktf = join(dirname(require.resolve("cdktf-cli/package.json")), "bundle", "bin", "cdktf");
  const env = { ...process.env, CHECKPOINT_DISABLE: "1" };
  const status = await runInForeground(process.execPath, [cdktf, "synth", ...words], { env });
  return status === 0 ? ExitCode.Done : ExitCode.Failed;
}
