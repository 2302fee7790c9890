import type { Faults } from "./fault";
import { checkPorts } from "./k3s";
import type { FirewallModel } from "./model";
import { checkAnyCidr } from "./network";
import type { FirewallSettings } from "./settings";

export const resolveFirewall = (settings: FirewallSettings = {}): FirewallModel => ({
  allow: settings.allow ?? [],
  trustPods: settings.trustPods ?? false,
});

export function checkFirewall(firewall: FirewallModel, faults: Faults): void {
  firewall.allow.forEach((flow, index) => {
    const setting = `allow[${index}]`;
    if (!["nodes", "pods", "everyone"].includes(flow.from))
      checkAnyCidr(`${setting}.from`, flow.from, faults);
    faults.unlessMatches(`${setting}.to`, flow.to, /./, "every host, servers, agents, or a hostname");
    faults.unlessMatches(`${setting}.protocol`, flow.protocol, /^(tcp|udp)$/, "tcp or udp");
    faults.unlessMatches(`${setting}.why`, flow.why, /\S/, "a reason, for those who read the ruleset");
    checkPorts(`${setting}.ports`, flow.ports, faults);
  });
}
