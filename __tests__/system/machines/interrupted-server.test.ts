import { describeWith } from "../tools";
import { interruptedRollouts } from "./interruptions";
import { MACHINES } from "./tools";

describeWith(MACHINES, "an interrupted rollout of a server", () =>
  interruptedRollouts("alphard", "k3s-server"),
);
