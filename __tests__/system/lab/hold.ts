/** Holds a sandbox until it is killed. Prints the folder that all of its processes have in their command lines. */
import { join } from "node:path";
import { NetnsSandbox } from "../../../testbed/namespaces/netns-sandbox";

void NetnsSandbox.start([join(__dirname, "prober.ts")]).then(async (sandbox) => {
  await sandbox.shell("ip netns add held");
  sandbox.startProgram("held", "prober");
  await sandbox.ask("held", { do: "listen", who: "held", tcp: [1], udp: [] });
  console.log(sandbox.folder);
});
