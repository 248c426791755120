require("./busy.cjs").busy(30);
