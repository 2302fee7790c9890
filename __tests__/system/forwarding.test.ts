/** What a host reports about its kernel's forwarding, in a network with flannel's devices. */
import { spawnSync } from "node:child_process";
import { remoteScript } from "../../src/render/remote-script";
import { Report } from "../../src/rollout/script";
import { environment, unshare } from "../../testbed/namespaces/unshare";
import { describeWith, LAB } from "./tools";

describeWith(LAB, "a host that is inspected", () => {
  test.each(["ens18", "cni0", "flannel.1", "flannel-wg"])("tells when %s forwards nothing", (device) => {
    const script = [
      `ip link add ${device} type veth peer name other`,
      "echo 1 >/proc/sys/net/ipv4/conf/all/forwarding",
      `echo 0 >/proc/sys/net/ipv4/conf/${device}/forwarding`,
      remoteScript("inspect", { emitted: "", interface: "ens18" }),
    ].join("\n");
    const [program = "", ...words] = unshare() ?? [];
    const { stdout } = spawnSync(program, [...words, "sh", "-s"], {
      input: script,
      encoding: "utf8",
      env: environment,
    });
    const values = new Report(stdout).all("forwarding");
    expect(values).toEqual(["all 1", "default 1", `${device} 0`]);
  });
});
