/**
 * Makes the files that Node reads out of the bundler's CommonJS: few, small, and naming each other's functions by the
 * shortest names. What it takes of the bundler's text is that of the pinned version; where a name is missing it throws.
 */
import { minifySync } from "rolldown/utils";

/** What rolldown writes for parts, plainer: they are read at once, no export changes, all are ours, so is `require`. */
const plain = (code) =>
  code
    .replace(/Promise\.resolve\(\)\.then\(\(\) => (require\("\.[^"]+"\))\)(?:\.then\(\(n\) => n\.[\w$]+\))?/g, "$1")
    .replace(/(?:\/\* @__PURE__ \*\/ )?require_rolldown_runtime\.[\w$]+\((require\([^()]+\)), 1\)/g, "$1")
    .replace(/const require_rolldown_runtime = .*\n/, "")
    .replace(/^\s*(\w+): \(\) => \1,?$/gm, "exports.$1 = $1;")
    .replace(/var _first_exports = .*\n([^}]*)}, 1\);/, "$1")
    .replace(
      /Object\.defineProperty\(exports, "([\w$]+)", {\s*enumerable: true,\s*get: function ?\(\) {\s*return (\w+);\s*}\s*}\);/g,
      "exports.$1 = $2;",
    )
    .replace(/exports\.[\w$]+ = _first_exports;/, "")
    .replace(
      /process\.getBuiltinModule\?\.\(("[^"]+")\)(?: \?\? await Promise\.resolve\(\)\.then\(\(\) => require\(\1\)\))?/g,
      "require($1)",
    );

const EXPORT = /^exports\.([\w$]+) = ([\w$]+);$/gm;
/** Takes the lines that export something out of `code`; gives what they export, and the names it has inside. */
function withoutExports(code) {
  const names = [...code.matchAll(EXPORT)].map(([, exported, name]) => [exported, name]);
  return { code: code.replace(EXPORT, ""), names: new Map(names) };
}
const literalOf = (names) => `{ ${[...names].map(([exported, name]) => `${exported}: ${name}`)} }`;

/** Exports what a minified file exports by the names that it has inside: twice the same letters are compressed best. */
function byOwnNames(code) {
  const names = new Map();
  const renamed = code.replace(/(module\.exports=|value:)\{([^{}]*)\}/, (_, start, members) => {
    for (const member of members.split(",")) names.set(member.split(":")[0], member.split(":").at(-1));
    return `${start}{${[...new Set(names.values())]}}`;
  });
  const nameOf = (exported) => {
    if (!names.has(exported)) throw new Error(`a part takes ${exported}, which nothing exports`);
    return names.get(exported);
  };
  const use = (name, text) =>
    text.replace(new RegExp(`(\\brequire_${name}\\.)([\\w$]+)`, "g"), (_, start, exported) => start + nameOf(exported));
  return { code: renamed, nameOf, use };
}

/**
 * Puts the core into the file that Node finds first: each file takes Node half a millisecond. The parts find what they
 * take of it by a property that is not listed. Functions that are called in a part are exported by short names, and
 * nothing that nobody takes is.
 */
export function joined(chunks) {
  const codes = new Map(chunks.map(({ fileName, code }) => [fileName, plain(code)]));
  const shorts = new Map();
  const shorten = (name) => shorts.get(name) ?? shorts.set(name, `$_${shorts.size.toString(36)}`).get(name);
  const call = /(require\("\.\/[\w-]+\.cjs"\)\.)(\w{3,})/g;
  for (const [fileName, code] of codes) {
    codes.set(
      fileName,
      code.replace(call, (_, part, name) => part + shorten(name)),
    );
  }
  const entry = codes.get("index.cjs").match(/^exports\..*;$/gm).join("\n");
  const { code: coreCode, names: coreNames } = withoutExports(codes.get("core.cjs"));
  const later = 'let first;\nconst later = (name) => (...args) => (first ??= require("./first.cjs"))[name](...args);';
  const index = `${coreCode
    .replace(/\(\.\.\.args\) => require\("\.\/first\.cjs"\)\.(\S+)\(\.\.\.args\);/g, 'later("$1");')
    .replace("\n", `\n${later}\n`)}
${entry.replace(/require_core\.([\w$]+)/g, (_, exported) => coreNames.get(exported))}
Object.defineProperty(exports, "_", { value: ${literalOf(coreNames)} });`;
  const core = byOwnNames(minified("index.cjs", index));
  const partOf = (fileName) => {
    const whole = codes.get(fileName).replace('require("./core.cjs")', 'require("./index.cjs")._');
    const { code, names } = withoutExports(whole);
    const taken = [...names].map(([exported, name]) => [/^\w{3}/.test(exported) ? shorts.get(exported) : exported, name]);
    return core.use("core", `${code}\nmodule.exports = ${literalOf(taken.filter(([exported]) => exported))};`);
  };
  const first = byOwnNames(minified("first.cjs", partOf("first.cjs")));
  const others = [...codes.keys()].filter((fileName) => !/^(index|core|first|rolldown)\b/.test(fileName));
  return [
    ["index.cjs", core.code.replace(/([`"])(\$\w+)\1/g, (_, quote, exported) => `"${first.nameOf(exported)}"`)],
    ["first.cjs", first.code],
    ...others.map((fileName) => [fileName, minified(fileName, first.use("first", partOf(fileName)))]),
  ];
}

/** `code` without what a machine does not read. */
function minified(fileName, code) {
  const options = { module: !fileName.endsWith(".cjs"), compress: { target: "node20" }, mangle: { toplevel: true } };
  const { code: text, errors } = minifySync(fileName, code, options);
  if (errors.length > 0 || text.includes("rolldown")) throw new Error(`${fileName}: ${errors[0]?.message}`);
  // What is left of lines is in the text of a worker.
  return text.replace(/\n\s*/g, "\n");
}
/** Each file as it is, for a machine. */
export const eachMinified = (chunks) => chunks.map(({ fileName, code }) => [fileName, minified(fileName, code)]);
