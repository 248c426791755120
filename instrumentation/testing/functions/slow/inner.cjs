require("./busy.cjs").busy(25);
