import { withDefaults } from "./validation";
import type { FirewallModel } from "./model";
import { FirewallSchema, type FirewallSettings } from "./settings";

export const resolveFirewall = (settings: FirewallSettings = {}): FirewallModel =>
  withDefaults(FirewallSchema, settings);
