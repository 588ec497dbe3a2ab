// The plain pages of the server: a list of addresses at /, and the page shown if a release has no
// report.

import type { FastifyRequest } from 'fastify';

/** Whether the request comes from a browser, which wants a page instead of JSON. */
export function wantsPage({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false;
}

/** The addresses on this server, as JSON for programs. */
export const SIGNPOST = Object.freeze({
  name: 'Vitrine',
  graphql: '/graphql',
  report: '/report',
  metrics: '/metrics',
  images: '/images/{articleId}',
  health: { live: '/health/live', ready: '/health/ready' },
});

export const SIGNPOST_PAGE = page(
  'Vitrine',
  `<p>Recommendations and similar articles, learnt from this shop's own data.</p>
    <ul>
      <li><a href="/graphql">/graphql</a>: the API; in a browser, Apollo Sandbox with queries to try</li>
      <li><a href="/report">/report</a>: how good the recommendations are, measured on purchases that training has not seen</li>
      <li><a href="/metrics">/metrics</a>: its counters since it started</li>
      <li><a href="/health/ready">/health/ready</a>: whether it can answer now</li>
      <li><a href="/health/live">/health/live</a>: whether it runs</li>
    </ul>`,
);

export const NO_REPORT_PAGE = page(
  'No report yet',
  `<p>A report comes with each release that was measured. Either there is no release yet, or it was made with
    <code>--no-evaluate</code>, or the shop had too little to measure on.</p>
    <p><code>npx vitrine train</code> measures and publishes one; this server moves to it by itself.
    <a href="/">What else is here</a></p>`,
);

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <style>
      :root { color-scheme: light dark }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem }
    </style>
  </head>
  <body>
    <h1>${title}</h1>
    ${body}
  </body>
</html>
`;
}
