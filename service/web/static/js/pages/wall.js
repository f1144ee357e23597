// The wall stays live.

import { follow } from "../live.js";
import { refresher } from "../refresh.js";
import { tellResult } from "../toast.js";

const refresh = refresher(location.href);
follow(null, { line: refresh, "line-event": tellResult }, refresh);
