// What every page has: times that grow old, the theme, who is logged in.

import { startAccount } from "./account.js";
import { tellTimes } from "./clock.js";
import { startTheme } from "./theme.js";

tellTimes(document);
setInterval(() => tellTimes(document), 1000);
startTheme();
startAccount();
