/** `k3s-agent-1` → `k3s_agent_1`, the name that existing states have. */
export const terraformName = (id: string): string => id.replaceAll("-", "_");
