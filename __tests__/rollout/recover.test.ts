import type { Backup } from "../../src/backup/manifest";
import { formatVolumes } from "../../src/rollout/recover-command";

const copy = { file: "volume-1.tar", bytes: 10_240, sha256: "0".repeat(64) };
const volume = (claim: string, more: object = {}) => ({
  namespace: "default",
  claim,
  node: "hamal",
  ...more,
});

const words = (...volumes: object[]): string[] =>
  formatVolumes({ folder: "backups/20261128T003000Z-alphard", manifest: { volumes } } as unknown as Backup);

test("volumes that the backup has a copy of are no loss: the command is named that puts them back", () => {
  expect(words(volume("web-0", { copy }), volume("db-0"), volume("web-1", { copy }))).toEqual([
    "Volumes in the backup, which are to be put back once their claims are bound and no pod mounts them:",
    "  npm run rollout -- restore-volumes --from backups/20261128T003000Z-alphard --volumes default/web-0,default/web-1",
    "Lost with the disks of the former nodes, if you have no other copy:",
    "  default/db-0 on hamal",
  ]);
  expect(words(volume("web-0", { copy }))).toHaveLength(2);
  expect(words(volume("db-0", { node: "" }))).toEqual([expect.anything(), "  default/db-0 on any node"]);
  expect(words()).toEqual([]);
});
