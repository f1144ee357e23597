// What every page has: times that grow old, the theme.

import { tellTimes } from "./clock.js";
import { startTheme } from "./theme.js";

tellTimes(document);
setInterval(() => tellTimes(document), 1000);
startTheme();
