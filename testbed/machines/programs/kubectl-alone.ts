/** The stand-in for kubectl in a process of its own: for a K3s that does not answer, and for one that a restore tries. */
import { readFileSync } from "node:fs";
import { kubectl } from "../kubectl";

const words = process.argv.slice(2);
const input = words.includes("-") ? readFileSync(0, "utf8") : "";
void kubectl({ words, input, kubeconfig: process.env.KUBECONFIG }).then(({ status, stdout, stderr }) => {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = status;
});
