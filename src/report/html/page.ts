/** The page that every report is: one file, nothing loaded from anywhere, readable without its script. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { installation } from "../../ir/installation.ts";
import { markup, trusted, type Content, type Markup } from "./markup.ts";

export interface Section {
  /** What links call the section. */
  readonly id: string;
  readonly title: string;
  readonly intro?: Content;
  readonly body: Content;
}

export interface Page {
  /** What kind of report this is. */
  readonly kicker: string;
  /** The heading, and what the browser calls the page. */
  readonly title: string;
  readonly lead: Content;
  /** What stands under the heading, before the first section: the key figures. */
  readonly headline: Content;
  readonly sections: readonly Section[];
  /** How the page came about; no date, so that one input gives one file. */
  readonly footer: Content;
}

/** The document as text that ends in a line feed. */
export function pageText({ kicker, title, lead, headline, sections, footer }: Page): string {
  const style = asset("page.css");
  const theme = asset("theme.js");
  const script = asset("page.js");
  // No address is allowed at all: whatever gets into a page, it loads and sends nothing.
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `style-src ${hashOf(style)}`,
    `script-src ${hashOf(theme)} ${hashOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · litevae</title>
<style>${trusted(style)}</style>
${inline(theme)}
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header class="masthead"><div class="wrap masthead-row">
<p class="brand">litevae</p>
<button type="button" class="button" id="theme" hidden>Theme</button>
</div></header>
<div class="wrap">
<main id="main" tabindex="-1">
<div class="title"><p class="kicker">${kicker}</p><h1>${title}</h1><p class="lead">${lead}</p></div>
${headline}
<nav class="contents" aria-label="Sections"><ul>
${sections.map(({ id, title: name }) => markup`<li><a href="#${id}">${name}</a></li>\n`)}</ul></nav>
${sections.map(sectionMarkup)}</main>
</div>
<footer><div class="wrap footer">${footer}</div></footer>
<div id="reading" class="reading" role="status" hidden></div>
${inline(script)}
</body>
</html>
`.text;
}

function sectionMarkup({ id, title, intro, body }: Section): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${intro !== undefined && markup`<p class="intro">${intro}</p>\n`}${body}
</section>
`;
}

/** A script in the page. Its end does not stand in a tagged template: bundlers rewrite those. */
function inline(script: string): Markup {
  return trusted(`<script>${script}</script>`);
}

/** A file of `client/`, which the build copies beside the compiled code. */
function asset(name: string): string {
  return readFileSync(new URL(`src/report/html/client/${name}`, installation), "utf8").trim();
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
