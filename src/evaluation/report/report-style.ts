// The styles of the report: light and dark, on paper and on a phone. Colour-blind people can tell
// the colours of the models apart (Okabe and Ito, 2008), and every chart also names the models.

export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fff; --raised: #f5f6f8; --ink: #1b1f24; --quiet: #59636e; --rule: #d5dae0; --link: #0b5cad;
  --two-stage: #0067b8; --retrieval: #007f5f; --popularity: #8a8f98; --recent-popularity: #6b5b95; --repurchase: #b35900;
  --item-to-item: #a8326e; --oracle: #4d4d4d; --chance: #8a8f98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --raised: #1d2127; --ink: #e8ebef; --quiet: #a2abb6; --rule: #353c45; --link: #7cb8f5;
    --two-stage: #58b0f5; --retrieval: #35c49a; --popularity: #9aa1ab; --recent-popularity: #b3a2e0; --repurchase: #f0a04b;
    --item-to-item: #ef83b5; --oracle: #6e7681; --chance: #9aa1ab;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem }
h2 { font-size: 1.25rem; margin: 3rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--rule) }
h3 { font-size: 1rem; margin: 0 0 .5rem }
p { max-width: 44rem; margin: .5rem 0 1rem }
a { color: var(--link) }
.quiet, caption, figcaption { color: var(--quiet) }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 1rem; margin: 1.5rem 0 }
.facts div { background: var(--raised); border-radius: .5rem; padding: .9rem 1rem; display: flex; flex-direction: column }
.facts dt { color: var(--quiet); font-size: .875rem; order: 2 }
.facts dd { margin: 0; font-size: 1.7rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums }
.facts .note { order: 3; color: var(--quiet); font-size: .875rem; font-weight: 400; line-height: 1.55 }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem 2.5rem }
figure { margin: 1rem 0; max-width: 34rem }
svg { display: block; width: 100%; height: auto; font: 12.5px system-ui, sans-serif; fill: var(--ink); overflow: visible }
svg .tick { fill: var(--quiet); font-size: 11.5px }
svg .value { font-variant-numeric: tabular-nums }
svg line.grid { stroke: var(--rule); stroke-width: 1 }
svg .bar { fill: var(--colour); opacity: .85 }
svg .bar:has(+ .part) { opacity: .35 }
svg .part { fill: var(--colour) }
svg .line { fill: none; stroke: var(--colour); stroke-width: 2 }
svg .dot { fill: var(--colour) }
svg .below { fill: var(--ground); stroke: var(--colour); stroke-width: 1.5 }
svg .lead { stroke: var(--colour); opacity: .5 }
svg .whisker { fill: none; stroke: var(--ink); stroke-width: 1.5 }
svg .equal { stroke: var(--quiet); stroke-dasharray: 4 4 }
.scroll { overflow-x: auto; margin: 1rem 0 }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
table { border-collapse: separate; border-spacing: 0; font-size: .9rem; font-variant-numeric: tabular-nums }
caption { text-align: left; padding-bottom: .4rem; max-width: calc(100vw - 2rem) }
th, td { padding: .35rem .8rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule) }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--ground); padding-left: 0 }
thead th { color: var(--quiet); font-weight: 600 }
tbody th { font-weight: 500 }
td.best { font-weight: 700 }
details { margin: 1rem 0 }
summary { cursor: pointer; color: var(--link) }
pre { background: var(--raised); border-radius: .5rem; padding: 1rem; overflow-x: auto; font-size: .85rem }
.two-stage { --colour: var(--two-stage) } .retrieval { --colour: var(--retrieval) }
.popularity { --colour: var(--popularity) } .recent-popularity { --colour: var(--recent-popularity) }
.repurchase { --colour: var(--repurchase) } .item-to-item { --colour: var(--item-to-item) }
.oracle { --colour: var(--oracle) } .chance { --colour: var(--chance) }
@media print { .scroll { overflow: visible } details { display: block } }
`;
