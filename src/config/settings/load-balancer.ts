import type * as z from "zod";
import { AddressPoolSchema } from "./address-pool";
import { choice, group } from "./kinds";

export const LoadBalancerSchema = group(
  {
    /** Addresses of the node network that nothing else has, and that no DHCP server gives away. You give them to the load balancer. */
    pool: AddressPoolSchema.readonly(),
    /**
     * What you install in the cluster, on the node network in layer 2: `metallb`, whose speakers find each other over port 7946 of
     * the nodes, or `kube-vip` for services, which needs no port. @default "metallb"
     */
    implementation: choice("metallb", "kube-vip").default("metallb"),
  },
  { pool: { from: "192.0.2.200", to: "192.0.2.219" } },
);

/** Addresses for services of the type LoadBalancer, and what gives them to services. */
export interface LoadBalancerSettings extends Readonly<z.input<typeof LoadBalancerSchema>> {}
