import { describeWith } from "../tools";
import { interruptedRollouts, ON_TRIAL } from "./interruptions";
import { MACHINES } from "./tools";

describeWith(MACHINES, "an interrupted boot on trial of a server", () =>
  interruptedRollouts("alphard", "k3s-server", ON_TRIAL),
);
