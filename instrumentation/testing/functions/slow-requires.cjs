const required = require("./slow/outer.cjs");

exports.handler = async () => {
  require("./slow/too-late.cjs");
  return required;
};
