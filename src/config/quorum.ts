/** The majority of the servers' etcd members, without which etcd does not answer. */
export const quorumOf = (servers: number): number => Math.floor(servers / 2) + 1;
