import { join } from "node:path";
import { ALPHARD, emit, HAMAL, MIZAR, REFERENCE, temporaryFolder, textsBelow } from "../fixture";
import { LAB_CLUSTERS } from "../system/lab/clusters";

/** Of a host of each role. The packet lab shows what these rules do; here every change of one is seen without packets. */
test.each(LAB_CLUSTERS)(
  "the rulesets that packets were tried with, and the flows in the runbook: $name",
  ({ settings, nodes = [ALPHARD, HAMAL, MIZAR] }) => {
    const folder = temporaryFolder();
    emit(folder, nodes, { ...REFERENCE, ...settings });
    const files = textsBelow(join(folder, "nix"));
    for (const host of ["k3s-server", "k3s-agent"])
      expect(files[`${host}/nftables.nft`]).toMatchSnapshot(host);
    expect(/^## Firewall\n[^]*?(?=^## )/m.exec(files["README.md"] ?? "")?.[0]).toMatchSnapshot("runbook");
  },
);
