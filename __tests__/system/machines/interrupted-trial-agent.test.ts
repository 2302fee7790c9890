import { describeWith } from "../tools";
import { interruptedRollouts, ON_TRIAL } from "./interruptions";
import { MACHINES } from "./tools";

describeWith(MACHINES, "an interrupted boot on trial of an agent", () =>
  interruptedRollouts("hamal", "k3s-agent", ON_TRIAL),
);
