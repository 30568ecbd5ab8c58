// What hostile people write so that a reader's browser asks for something by itself. Whatever acts asks for an address with AUTO in it,
// whatever has to be clicked for one with LINK; a flow sees the difference.

export const AUTO = 'zq-auto';
export const LINK = 'zq-link';
const here = `/workspace?${AUTO}`;
const img = `<img src="${here}">`;
const get = `hx-get="${here}" hx-trigger="load"`;

// htmx, in every spelling of its attributes, triggers and places.
const HTMX = [
  `<div ${get}>x</div>`,
  `<DIV HX-GET="${here}" HX-TRIGGER="load">x</DIV>`,
  `<div data-hx-get="${here}" data-hx-trigger="load">x</div>`,
  `<div hx-post="${here}" hx-trigger="load" hx-include="[name=key]" hx-vals='{"role":"owner"}'>x</div>`,
  `<div hx-put="${here}" hx-trigger="revealed">x</div>`,
  `<div hx-patch="${here}" hx-trigger="intersect once">x</div>`,
  `<div data-hx-delete="${here}" hx-trigger="every 100ms">x</div>`,
  `<div hx-on::load="fetch('${here}')" hx-on:htmx:load="fetch('${here}')" data-hx-on--load="fetch('${here}')">x</div>`,
  `<div hx-trigger="load[fetch('${here}')]" hx-get="${here}" hx-vals="js:{a:fetch('${here}')}">x</div>`,
  `<div hx-swap-oob="innerHTML:#main"><div ${get}></div></div>`,
  `<div id="main" hx-swap-oob="true"><div ${get}></div></div>`,
  `<div hx-boost="true"><a href="/workspace?${LINK}" hx-target="#main" hx-select="*">x</a><form action="${here}"></form></div>`,
  `<div hx-ext="sse" sse-connect="${here}" ws-connect="${here}">x</div>`,
  `<div data-own="0" ${get}>x</div>`,
  `<template ${get}><div ${get}></div></template>`,
];

// What loads by itself in HTML, SVG, MathML and CSS.
const LOADING = [
  img,
  `<img srcset="${here} 1x" src=x onerror="fetch('${here}')">`,
  `<picture><source srcset="${here}"><img></picture>`,
  `<video src="${here}" poster="${here}" autoplay></video><audio src="${here}" autoplay></audio>`,
  `<iframe src="${here}"></iframe><frame src="${here}"><object data="${here}"></object><embed src="${here}">`,
  `<iframe srcdoc='${img}'></iframe>`,
  `<link rel="stylesheet" href="${here}"><link rel="preload" as="fetch" href="${here}"><link rel="prefetch" href="${here}">`,
  `<style>@import "${here}"; body { background: url("${here}") }</style>`,
  `<p style="background:url('${here}')">x</p>`,
  `<body background="${here}"><table background="${here}"><tr><td>x</td></tr></table>`,
  `<input type="image" src="${here}" autofocus onfocus="fetch('${here}')">`,
  `<meta http-equiv="refresh" content="0;url=${here}">`,
  `<base href="/${AUTO}/">`,
  `<script src="${here}"></script><script>fetch('${here}')</script>`,
  `<svg><image href="${here}" xlink:href="${here}"/><use href="${here}#x"/><script href="${here}"/><set attributeName="href" to="${here}"/></svg>`,
  `<svg><foreignObject><div ${get}>${img}</div></foreignObject></svg>`,
  `<svg onload="fetch('${here}')"><animate onbegin="fetch('${here}')" attributeName="x" dur="1s"/></svg>`,
  `<math><mtext ${get}>x</mtext><maction actiontype="statusline" xlink:href="${here}">x</maction></math>`,
  `<details open ontoggle="fetch('${here}')"><summary>x</summary></details>`,
  `<a ping="${here}" href="/workspace?${LINK}">x</a>`,
];

// Forms, and names that scripts would take for something of their own.
const FORMS = [
  `<form method="post" action="${here}"><button autofocus>Create ticket</button></form>`,
  `<button form="write" formaction="${here}">Comment</button><input name="key" value="x" form="write">`,
  `<form id="htmx"><input name="config"></form><form name="body"><input name="dataset"></form>`,
  `<img name="currentScript"><img name="cookie"><a id="live"></a><a id="told"></a><div id="main">x</div>`,
  `<form id="marks" action="/logout"><input name="getAttribute"><input name="closest"></form>`,
];

// Nested and broken, for parsers that disagree.
const BROKEN = [
  `<svg><style><img title="</style>${img.replaceAll('"', "'")}">`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;${img.replaceAll('"', '&quot;')}">`,
  `<noscript><p title="</noscript>${img.replaceAll('"', "'")}">`,
  `<textarea><p title="</textarea>${img.replaceAll('"', "'")}">`,
  `<title></title><xmp></xmp><plaintext>${img}`,
  `<!--><div ${get}>--><!-- > ${img} -->`,
  `<<div ${get}>x</div> <div/${get.replaceAll(' ', '/')}>x`,
  `<div ${get}`,
  `"><div ${get}>`,
  `'><div ${get}>`,
  `</dd></dl></article></main><div ${get}>x</div>`,
  `<p>${'<b>'.repeat(200)}<div ${get}>x`,
  `&lt;div ${get}&gt; &#60;div ${get}&#62;`,
  `<di\u0000v ${get}> <div\u000c${get}> \u{ff1c}div ${get}\u{ff1e}`,
];

// Markdown's own ways.
const MARKDOWN = [
  `![x](${here}) ![x](http:${here}) ![x][r]\n\n[r]: ${here} "title"`,
  `<http:${here}> [x](http:${here}) [x](https:${here}) [x](//127.0.0.1${here}) [x](${here})`,
  `[x](javascript:fetch('${here}')) [x](data:text/html,${encodeURIComponent(img)}) [x](vbscript:x)`,
  `[<div ${get}>x</div>](/workspace) [${img}](/workspace)`,
  `\`\`\`html\n<div ${get}>x</div>\n\`\`\`\n\n\`\`\`${img}\nx\n\`\`\``,
  `| <div ${get}> | ${img} |\n| --- | :-: |\n| <div ${get}>x | ${img} |`,
  `- [x] <div ${get}>x\n- [ ] ${img}\n\n> <div ${get}>\n> ${img}\n\n# <div ${get}>`,
];

export const PAYLOADS = [...HTMX, ...LOADING, ...FORMS, ...BROKEN, ...MARKDOWN];

// Links to every kind of route that answers with others' words, as Markdown.
export function links(url, project, ticket) {
  const words = encodeURIComponent(`<div ${get}>x</div>`);
  return [
    `${ticket.path}/gherkin`,
    `${ticket.path}?page=${words}`,
    `${ticket.path}/edit`,
    `${project.path}?q=${words}`,
    `${project.path}/tickets/new?title=${words}`,
    `${project.path}/tickets/likely?title=${words}`,
    `${project.path}/settings/delete`,
    `/workspace/search?q=${words}`,
    `/workspace/go?code=${words}`,
    `/workspace?notice=${words}`,
    `/login?next=${words}`,
    `/documentation?${words}`,
    `/${words}`,
    `/assets/${words}`,
    `/api/v1/tickets?${words}=1`,
    `/api/v1/openapi.json?${words}=1`,
    `/api/v1/openapi.json`,
    `/api/v1/${words}`,
    '/healthz',
    '/readyz',
  ].map((path) => `[${LINK}](${url}${path}${path.includes('?') ? '&' : '?'}${LINK})`);
}
