/** `k3s-agent-1` → `k3s_agent_1`: the name that state already holds for it. */
export const terraformName = (id: string): string => id.replaceAll("-", "_");
