/** A node of the cluster that both apps make. */
export interface BenchNode {
  readonly id: string;
  readonly role: "server" | "agent";
  readonly hostname: string;
  readonly vmId: number;
  readonly description: string;
}

const SERVERS = 3;

/** Also the host number in 10.0.0.0/16, and the end of the MAC address. */
export const FIRST_VM_ID = 1000;

/** Three servers, which is the fewest with a rule between servers, and agents for the rest. */
export const nodes = (count: number): BenchNode[] =>
  Array.from({ length: count }, (_, index) => {
    const role = index < SERVERS ? "server" : "agent";
    return {
      id: `k3s-${role}-${index}`,
      role,
      hostname: `star-${index}`,
      vmId: FIRST_VM_ID + index,
      description: `# K3s ${role} ${index}`,
    };
  });

/** `BC:24:11:00:03:E8` for VM 1000. */
export const macAddressOf = (vmId: number): string => {
  const digits = vmId.toString(16).toUpperCase().padStart(6, "0");
  return `BC:24:11:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
};
