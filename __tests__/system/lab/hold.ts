/** Holds a world until it is killed. Tells the folder that all of its processes have in their command lines. */
import { join } from "node:path";
import { World } from "../../../testbed/namespaces/world";

void World.start([join(__dirname, "prober.ts")]).then(async (world) => {
  await world.shell("ip netns add held");
  world.startProgram("held", "prober");
  await world.ask("held", { do: "listen", who: "held", tcp: [1], udp: [] });
  console.log(world.folder);
});
