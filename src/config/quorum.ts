/** Servers of which a majority has to be there for etcd to answer. */
export const quorumOf = (servers: number): number => Math.floor(servers / 2) + 1;
