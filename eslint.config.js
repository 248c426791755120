import signals from "@preact/eslint-plugin-signals";
import jsdoc from "eslint-plugin-jsdoc";
import unicorn from "eslint-plugin-unicorn";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Tests and their tables: long by nature, and free to look at untyped JSON. */
const tests = ["**/*.test.ts", "**/*.test.tsx", "**/*.cases.ts", "**/fixtures/**", "test/**/*.ts"];
/** Read by tools that want a default export. */
const configs = ["*.config.js", "*.config.ts", ".dependency-cruiser.js", "ui/vite.config.ts", "test/support/*.ts"];

/** A test that waits for a time is slow when it passes and flaky when it does not: wait for the condition. */
const fixedSleeps = [
  // A timer that rejects is a deadline and no sleep.
  "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout']:not(:has(Identifier[name='reject']))",
  "ImportDeclaration[source.value=/^(node:)?timers.promises$/] ImportSpecifier[imported.name='setTimeout']",
  "CallExpression[callee.property.name='waitForTimeout']",
].map((selector) => ({
  selector,
  message: "Fixed sleep in a test: wait for the condition (vi.waitFor, expect.poll, an event, what the page shows).",
}));

const noDefaultExport = {
  restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true },
};

/** Whatever other files use says what it is; what zod infers is said by its schema. */
const docstrings = {
  publicOnly: { esm: true, cjs: false },
  enableFixer: false,
  exemptOverloadedImplementations: true,
  require: { FunctionDeclaration: true, ClassDeclaration: true },
  contexts: [
    "TSDeclareFunction",
    "TSInterfaceDeclaration",
    "TSTypeAliasDeclaration:not([typeAnnotation.typeName.right.name=/^(infer|input|output)$/])",
    "VariableDeclarator > ArrowFunctionExpression",
  ],
};
/** Says more than the name that it stands over. The default aliases make a new word of "a". */
const sayMore = { aliases: {} };
/** Read by those who test or build, and by nobody else. */
const undocumented = [...tests, "**/testing/**", "bench/**", "scripts/**", "**/*.config.ts"];

/** What cannot be broken is let through. */
const maxLength = {
  code: 120,
  ignoreUrls: true,
  ignoreStrings: true,
  ignoreTemplateLiterals: true,
  ignoreRegExpLiterals: true,
};

export default defineConfig(
  // The kernel is AssemblyScript: its own compiler checks it.
  {
    ignores: [
      ...["**/dist/**", "**/node_modules/**", ".hopscope/**", ".cache/**", "coverage/**"],
      "collector/ingest/kernel/*.ts",
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.{ts,tsx,js,mjs}"],
    plugins: { unicorn },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "object-shorthand": "error",
      "no-restricted-exports": ["error", noDefaultExport],
      "max-len": ["error", maxLength],
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "unicorn/filename-case": ["error", { case: "kebabCase" }],
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Interfaces of promises are often met by code that has nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // Objects with methods are closures here: they have no `this` to lose.
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    ignores: undocumented,
    plugins: { jsdoc },
    rules: { "jsdoc/require-jsdoc": ["error", docstrings], "jsdoc/informative-docs": ["error", sayMore] },
  },
  {
    files: ["ui/**/*.{ts,tsx}"],
    plugins: { signals },
    rules: {
      "signals/no-signal-write-in-computed": "error",
      "signals/no-value-after-await": "error",
      "signals/no-signal-truthiness": "error",
      "signals/no-signal-in-component-body": "error",
      "signals/no-conditional-value-read": "error",
    },
  },
  {
    files: tests,
    rules: {
      "max-lines": "off",
      "max-lines-per-function": "off",
      "no-restricted-syntax": ["error", ...fixedSleeps],
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  { files: configs, rules: { "no-restricted-exports": "off" } },
);
