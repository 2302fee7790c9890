/** Holds a bed of K3s until it is killed. Its argument is K3s. Prints the cgroup of all of its processes. */
import { join } from "node:path";
import { K3sBed } from "../../../testbed/k3s/bed";

void K3sBed.start(join(process.cwd(), "nix"), { k3s: process.argv[2] as string }).then(async (bed) => {
  await bed.until("K3s runs", 30, async () => (await cgroupOf(bed)).endsWith("/init"));
  console.log((await cgroupOf(bed)).split("/")[1]);
});

/** As the machine sees it, from outside of the host's namespaces. */
const cgroupOf = (bed: K3sBed): Promise<string> => bed.cgroup("mizar");
