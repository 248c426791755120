require("./busy.cjs").busy(10);
require("./inner.cjs");
module.exports = "required";
