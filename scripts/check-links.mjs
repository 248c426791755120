/** Every relative link of every page leads to a file that exists, and to a heading of it where it names one. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./paths.mjs";

const skipped = new Set(["node_modules", "dist", ".git", ".hopscope", ".cache", "coverage"]);

/**
 * @param {string} folder absolute
 * @returns {string[]} one line for each link that leads nowhere
 */
export function brokenLinks(folder) {
  return pagesUnder(folder).flatMap((page) =>
    linksOf(readFileSync(page, "utf8"))
      .filter((link) => !leadsSomewhere(page, link))
      .map((link) => `${relative(folder, page)}: ${link}`),
  );
}

function pagesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesUnder(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

/** Links and pictures, those in code fences left out. */
function linksOf(text) {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page, link) {
  const [path, heading] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (!existsSync(target)) return false;
  if (heading === undefined || statSync(target).isDirectory()) return heading === undefined;
  const headings = [...readFileSync(target, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, title]) => slug(title));
  return headings.includes(heading);
}

/** A heading's anchor, as GitHub makes it. */
function slug(title) {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const broken = brokenLinks(root);
  for (const line of broken) process.stdout.write(`${line}\n`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}
