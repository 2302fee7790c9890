import { join } from "node:path";
import { emit, FIVE_NODES, REPOSITORY, temporaryFolder } from "../fixture";
import { FIVE_NODES_FLOWS, REFERENCE_FLOWS } from "./flows";
import { Lab, PATIENT, type Check } from "./lab/lab";
import { describeWith, LAB } from "./tools";

/** Claims about a cluster's packets, with and without its firewall. */
function claims(folderOf: () => string, flows: readonly Check[]): void {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start(folderOf());
  });
  afterAll(() => lab?.stop());

  test("without a firewall everything passes, so that what does not pass is the firewall's doing", async () => {
    await lab.unload();
    expect(await lab.unexpected(flows, PATIENT, () => "open")).toEqual([]);
  });

  test("with it passes what should, and nothing else", async () => {
    await lab.load();
    expect(await lab.unexpected(flows, PATIENT)).toEqual([]);
  });
}

describeWith([...LAB], "packets", () => {
  describe("of the reference cluster, as committed", () => {
    claims(() => join(REPOSITORY, "nix"), REFERENCE_FLOWS);
  });

  describe("of three servers and two agents", () => {
    claims(() => {
      const folder = temporaryFolder();
      emit(folder, FIVE_NODES);
      return join(folder, "nix");
    }, FIVE_NODES_FLOWS);
  });
});
