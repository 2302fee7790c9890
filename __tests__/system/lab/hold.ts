/** Holds a world until it is killed. Tells the folder that all of its processes have in their command lines. */
import { World } from "./world";

void World.start().then(async (world) => {
  await world.shell("ip netns add held");
  await world.prober("held", [1], []);
  console.log(world.folder);
});
